// Strings of JSON text: UTF-8, and the escapes of RFC 8259.
extension JSONText {
  mutating func string() throws(Fault) -> String {
    i += 1
    let start = i
    // Most strings have no escapes and are taken whole.
    while let c = next, c != UInt8(ascii: "\""), c != UInt8(ascii: "\\"), c >= 32 { i += 1 }
    var text = try utf8(start..<i)
    while true {
      switch next {
      case UInt8(ascii: "\""):
        i += 1
        return text
      case UInt8(ascii: "\\"):
        i += 1
        try text.unicodeScalars.append(escaped())
      case .some(let c) where c >= 32:
        let start = i
        while let c = next, c != UInt8(ascii: "\""), c != UInt8(ascii: "\\"), c >= 32 { i += 1 }
        text += try utf8(start..<i)
      default: throw fault("a string is not closed, or holds a control character")
      }
    }
  }

  private func utf8(_ range: Range<Int>) throws(Fault) -> String {
    guard let text = String(validating: bytes[range], as: UTF8.self) else {
      throw Fault(offset: range.lowerBound, why: "a string is no UTF-8")
    }
    return text
  }

  /// The character after a backslash. Half of a surrogate pair alone is no character.
  private mutating func escaped() throws(Fault) -> Unicode.Scalar {
    guard let c = next else { throw fault("a string is not closed") }
    i += 1
    switch c {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(c)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{c}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): break
    default: throw fault("a backslash has no such character after it")
    }
    let start = i - 2
    let high = try hexadecimal()
    if let whole = Unicode.Scalar(high) { return whole }
    if (0xD800..<0xDC00).contains(high), word("\\u") {
      let low = try hexadecimal()
      if (0xDC00..<0xE000).contains(low),
        let pair = Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
      {
        return pair
      }
    }
    throw Fault(
      offset: start,
      why:
        "half of a surrogate pair stands alone (\\u\(String(high, radix: 16))), which is no character"
    )
  }

  private mutating func hexadecimal() throws(Fault) -> UInt32 {
    guard i + 4 <= bytes.count,
      let v = UInt32(String(decoding: bytes[i..<(i + 4)], as: UTF8.self), radix: 16),
      bytes[i] != UInt8(ascii: "+"), bytes[i] != UInt8(ascii: "-")
    else { throw fault("four hexadecimal digits are expected") }
    i += 4
    return v
  }
}
