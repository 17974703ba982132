// The wire format of protocol buffers: fields, each a key (number << 3 | type) and a value, in any order. Readers skip
// the numbers that they do not know.
internal import Foundation
internal import Torch

/// A message of a file, read field by field. Every length is held to the bytes that are there.
struct ProtobufMessage {
  /// The value of a field in its wire type.
  enum Value {
    case varint(UInt64)
    case fixed(UInt64)
    case bytes(Data)
  }

  private var rest: Data
  let file: URL

  init(_ bytes: Data, of file: URL) { (rest, self.file) = (bytes, file) }

  func damaged(_ why: String) -> LetheError { .malformed(file, why) }

  /// The next field. It is nil at the end.
  /// - Throws: ``LetheError`` of the kind `model` for bytes that are no message
  mutating func next() throws -> (number: Int, value: Value)? {
    guard !rest.isEmpty else { return nil }
    let key = try varint()
    guard let number = Int(exactly: key >> 3), number > 0 else {
      throw damaged("it is no protocol buffer: a field has the number 0")
    }
    switch key & 7 {
    case 0: return (number, .varint(try varint()))
    case 1: return (number, .fixed(try fixed(8)))
    case 2:
      guard let length = Int(exactly: try varint()), length <= rest.count else {
        throw damaged("it is cut off: a field is longer than the rest of the file")
      }
      return (number, .bytes(take(length)))
    case 5: return (number, .fixed(try fixed(4)))
    default: throw damaged("it is no protocol buffer: a field has the wire type \(key & 7)")
    }
  }

  private mutating func take(_ count: Int) -> Data {
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count)
  }

  private mutating func varint() throws -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 7) {
      guard let byte = rest.popFirst() else { throw damaged("it is cut off in a number") }
      value |= UInt64(truncatingIfNeeded: byte & 0x7F) << shift
      if byte < 0x80 { return value }
    }
    throw damaged("it is no protocol buffer: a number has more than 10 bytes")
  }

  private mutating func fixed(_ count: Int) throws -> UInt64 {
    guard rest.count >= count else { throw damaged("it is cut off in a number") }
    return take(count).reversed().reduce(0) { $0 << 8 | UInt64(truncatingIfNeeded: $1) }
  }
}

extension ProtobufMessage.Value {
  var int: Int? {
    switch self {
    case .varint(let v), .fixed(let v): Int(truncatingIfNeeded: v)
    case .bytes: nil
    }
  }
  var float: Double? {
    if case .fixed(let v) = self {
      Double(Float(bitPattern: UInt32(truncatingIfNeeded: v)))
    } else {
      nil
    }
  }
  var data: Data? { if case .bytes(let data) = self { data } else { nil } }
  var text: String? { data.flatMap { String(data: $0, encoding: .utf8) } }

  /// Whole numbers, of which a packed field has many.
  func ints(of file: URL) throws -> [Int] {
    guard case .bytes(let data) = self else { return [int].compactMap(\.self) }
    var (values, value, shift) = ([Int](), UInt64(0), UInt64(0))
    for byte in data {
      value |= UInt64(truncatingIfNeeded: byte & 0x7F) << shift
      shift += 7
      guard byte < 0x80 else {
        guard shift < 70 else { throw LetheError.malformed(file, "a packed number is too long") }
        continue
      }
      values.append(Int(truncatingIfNeeded: value))
      (value, shift) = (0, 0)
    }
    return values
  }

  /// Numbers of 4 bytes, of which a packed field has many.
  func floats() -> [Double] {
    guard case .bytes(let data) = self else { return [float].compactMap(\.self) }
    let bytes = Array(data)
    return stride(from: 0, to: bytes.count - bytes.count % 4, by: 4).map { i in
      let bits = bytes.dropFirst(i).prefix(4).reversed()
        .reduce(UInt32(0)) { $0 << 8 | UInt32(truncatingIfNeeded: $1) }
      return Double(Float(bitPattern: bits))
    }
  }
}
