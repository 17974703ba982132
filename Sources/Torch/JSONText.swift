// JSON text as Python's `json` module writes it: RFC 8259, and NaN, Infinity and -Infinity for numbers that have no
// other spelling. Files come from strangers: depth is limited, nothing that the grammar does not know is skipped, and
// an object has every key once.
package import Foundation

/// A reader of JSON text, one byte after the other.
package struct JSONText {
  /// Where reading ended, and why.
  package struct Fault: Error, CustomStringConvertible {
    package let offset: Int
    package let why: String
    /// The key that an object has twice; nil for another fault.
    package var repeatedKey: String?
    package var description: String { "\(why), at byte \(offset)" }
  }

  /// The strictness of reading a text.
  package enum Dialect {
    /// Configuration files: a byte-order mark and NaN, Infinity, -Infinity are read, and a number without a fraction is
    /// whole however it is written.
    case python
    /// Headers of safetensors files: RFC 8259 alone, and 1.0 is no whole number.
    case strict
  }

  private static let deepest = 128

  let bytes: UnsafeBufferPointer<UInt8>
  private let dialect: Dialect
  var i = 0

  /// - Throws: ``Fault`` for text that is no JSON
  package static func value(_ data: Data, _ dialect: Dialect = .python) throws(Fault) -> JSON {
    let result = data.withUnsafeBytes { raw -> Result<JSON, Fault> in
      var text = JSONText(bytes: raw.bindMemory(to: UInt8.self), dialect: dialect)
      do throws(Fault) { return .success(try text.whole()) } catch { return .failure(error) }
    }
    return try result.get()
  }

  init(bytes: UnsafeBufferPointer<UInt8>, dialect: Dialect) {
    (self.bytes, self.dialect) = (bytes, dialect)
  }

  private mutating func whole() throws(Fault) -> JSON {
    if dialect == .python, bytes.starts(with: [0xEF, 0xBB, 0xBF]) { i = 3 }
    let found = try value(depth: 0)
    skipSpace()
    guard i == bytes.count else { throw fault("something follows the value") }
    return found
  }

  func fault(_ why: String) -> Fault { Fault(offset: i, why: why) }

  var next: UInt8? { i < bytes.count ? bytes[i] : nil }

  mutating func skipSpace() {
    while let c = next, c == 32 || c == 10 || c == 13 || c == 9 { i += 1 }
  }

  mutating func take(_ c: Unicode.Scalar) -> Bool {
    guard next == UInt8(ascii: c) else { return false }
    i += 1
    return true
  }

  mutating func word(_ text: StaticString) -> Bool {
    let end = i + text.utf8CodeUnitCount
    guard end <= bytes.count,
      (0..<text.utf8CodeUnitCount).allSatisfy({ bytes[i + $0] == text.utf8Start[$0] })
    else { return false }
    i = end
    return true
  }

  mutating func value(depth: Int) throws(Fault) -> JSON {
    guard depth <= Self.deepest else { throw fault("values are nested too deep") }
    skipSpace()
    switch next {
    case UInt8(ascii: "{"): return try object(depth)
    case UInt8(ascii: "["): return try array(depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t") where word("true"): return .bool(true)
    case UInt8(ascii: "f") where word("false"): return .bool(false)
    case UInt8(ascii: "n") where word("null"): return .null
    case UInt8(ascii: "N") where dialect == .python && word("NaN"): return .number(.nan)
    case UInt8(ascii: "I") where dialect == .python && word("Infinity"): return .number(.infinity)
    case UInt8(ascii: "-") where dialect == .python && word("-Infinity"):
      return .number(-.infinity)
    default: return try number()
    }
  }

  private mutating func object(_ depth: Int) throws(Fault) -> JSON {
    i += 1
    var members: [String: JSON] = [:]
    skipSpace()
    if take("}") { return .object(members) }
    while true {
      skipSpace()
      guard next == UInt8(ascii: "\"") else { throw fault("a key in quotes is expected") }
      let start = i
      let key = try string()
      skipSpace()
      guard take(":") else { throw fault("a colon is expected") }
      let found = try value(depth: depth + 1)
      if members.updateValue(found, forKey: key) != nil {
        throw Fault(
          offset: start, why: "the key '\(key.prefix(100))' stands there twice", repeatedKey: key)
      }
      skipSpace()
      if take("}") { return .object(members) }
      guard take(",") else { throw fault("a comma or the end of an object is expected") }
    }
  }

  private mutating func array(_ depth: Int) throws(Fault) -> JSON {
    i += 1
    var list: [JSON] = []
    skipSpace()
    if take("]") { return .array(list) }
    while true {
      list.append(try value(depth: depth + 1))
      skipSpace()
      if take("]") { return .array(list) }
      guard take(",") else { throw fault("a comma or the end of a list is expected") }
    }
  }

  private mutating func number() throws(Fault) -> JSON {
    let start = i
    func isDigit() -> Bool { next.map { $0 >= 48 && $0 <= 57 } ?? false }
    func digits() throws(Fault) {
      guard isDigit() else { throw fault("no JSON value begins here") }
      while isDigit() { i += 1 }
    }
    _ = take("-")
    if !take("0") { try digits() }
    var isWhole = true
    if take(".") {
      isWhole = false
      try digits()
    }
    if take("e") || take("E") {
      isWhole = false
      if !take("+") { _ = take("-") }
      try digits()
    }
    let text = String(decoding: bytes[start..<i], as: UTF8.self)
    if isWhole {
      if let v = Int(text) { return .int(v) }
      if let v = UInt64(text) { return .unsigned(v) }
    }
    guard let v = Double(text), v.isFinite else {
      throw fault("the number \(text) is too large; accepted: up to 1.8e308")
    }
    guard dialect == .python, v == v.rounded(), abs(v) < 0x1p53 else { return .number(v) }
    return .int(Int(v))
  }
}
