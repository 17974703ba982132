// Mutation of files with a header: safetensors and npy by theirs, PNG by its chunks.
import Foundation
import Torch

extension Mutation {
  mutating func safetensors(_ data: Data) -> Data {
    guard data.count > 8, !draw.oneIn(6) else { return bytes(data) }
    let length = data.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    guard length > 0, 8 + length <= data.count,
      let header = try? JSONText.value(data[8..<(8 + length)])
    else { return bytes(data) }
    var body = data[(8 + length)...]
    var changed = header
    switch draw.below(8) {
    case 0: body = body.prefix(draw.below(body.count))
    case 1: body += Data(count: 1 + draw.below(64))
    case 2, 3:
      // Numbers of four bytes that are not finite.
      let i = body.startIndex + draw.below(max(1, body.count / 4)) * 4
      if i + 4 <= body.endIndex {
        body.replaceSubrange(
          i..<(i + 4), with: draw.of([[0, 0, 0xC0, 0x7F], [0, 0, 0x80, 0xFF]]))
      }
    case 4: changed = retyped(header)
    default: changed = json(header)
    }
    let text = Data(changed.compact.utf8)
    let written =
      draw.oneIn(10)
      ? draw.of([0, 1, UInt64.max, 1 << 40, UInt64(text.count + 9)]) : UInt64(text.count)
    return withUnsafeBytes(of: written.littleEndian) { Data($0) } + text + body
  }

  /// One tensor with other types or shapes of as many bytes.
  private mutating func retyped(_ header: JSON) -> JSON {
    var header = header
    let names = (header.members ?? [:]).keys.filter { $0 != "__metadata__" }.sorted()
    guard !names.isEmpty else { return header }
    let name = draw.of(names)
    guard var entry = header[name], let offsets = entry["data_offsets"]?.array?.compactMap(\.int),
      offsets.count == 2
    else { return header }
    let types: [(String, Int)] = [
      ("F64", 8), ("F32", 4), ("F16", 2), ("BF16", 2), ("F8_E5M2", 1), ("F8_E4M3", 1), ("I64", 8),
      ("I32", 4), ("U16", 2), ("U8", 1), ("BOOL", 1), ("U64", 8),
    ]
    let (type, size) = draw.of(types)
    let count = (offsets[1] - offsets[0]) / size
    entry["dtype"] = .string(type)
    entry["shape"] = .array(
      draw.of([
        [.int(count)], [1, .int(count)], [.int(count), 1, 1, 1], [.int(count / 2), 2],
        Array(repeating: 1, count: 70) + [.int(count)], [],
      ]))
    header[name] = entry
    return header
  }

  mutating func npy(_ data: Data) -> Data {
    guard data.count > 10, !draw.oneIn(3) else { return bytes(data) }
    let length = Int(data[8]) | Int(data[9]) << 8
    guard 10 + length <= data.count else { return bytes(data) }
    let body = data[(10 + length)...]
    let number = {
      (draw: inout Draw) in
      draw.of([
        "0", "1", "6", "-5", "8", "64", "4611686018427387904", "9223372036854775807",
        "99999999999999999999", "",
      ])
    }
    let shape = (0...draw.below(4)).map { _ in number(&draw) }.joined(separator: ", ")
    let type = draw.of(["|u1", "<i8", "<i4", "<f4", "|b1", "|O", "<f2", ">i8", "<U4"])
    var text =
      "{'descr': '\(type)', 'fortran_order': \(draw.of(["False", "False", "False", "True"])), 'shape': (\(shape),), }"
    text += String(repeating: " ", count: (64 - (11 + text.utf8.count) % 64) % 64) + "\n"
    let size = text.utf8.count
    var rest = Data(body)
    if draw.oneIn(3) { for i in rest.indices { rest[i] = UInt8(draw.below(256)) } }
    return Data([0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(size & 255), UInt8(size >> 8 & 255)])
      + Data(text.utf8) + (draw.oneIn(2) ? rest : rest.prefix(draw.below(rest.count)))
  }

  /// A chunk with other bytes and a right sum over them, so that they are read.
  mutating func png(_ data: Data) -> Data {
    guard data.count > 45, !draw.oneIn(3) else { return self.bytes(data) }
    var bytes = [UInt8](data)
    var chunks: [Range<Int>] = []
    var i = 8
    while i + 12 <= bytes.count {
      let length = bytes[i..<(i + 4)].reduce(0) { $0 << 8 | Int($1) }
      guard i + 12 + length <= bytes.count else { break }
      chunks.append(i..<(i + 12 + length))
      i += 12 + length
    }
    guard !chunks.isEmpty else { return self.bytes(data) }
    let chunk = draw.of(chunks)
    if chunk.count > 12 {
      for _ in 0...draw.below(3) {
        bytes[chunk.lowerBound + 8 + draw.below(chunk.count - 12)] = draw.of([
          0, 1, 8, 16, 0x7F, 0xFF,
        ])
      }
    }
    var sum = ~UInt32(0)
    for byte in bytes[(chunk.lowerBound + 4)..<(chunk.upperBound - 4)] {
      sum ^= UInt32(byte)
      for _ in 0..<8 { sum = sum & 1 == 1 ? (sum >> 1) ^ 0xEDB8_8320 : sum >> 1 }
    }
    sum = ~sum
    for k in 0..<4 { bytes[chunk.upperBound - 4 + k] = UInt8(sum >> (24 - 8 * UInt32(k)) & 255) }
    return Data(bytes)
  }
}
