// Structured mutation: JSON by its nodes, safetensors by their header, PNG by its chunks, and anything by its bytes.
import Foundation
import Torch

struct Mutation {
  var draw: Draw

  // MARK: - JSON

  private static let numbers: [JSON] = [
    0, -1, 1, 2, 3, 5, 7, 8, 16, 77, 255, 256, 1000, 65536, .int(1 << 20), .int(1 << 31),
    .int(1 << 33), .int(1 << 53), .int(1 << 62), .int(.max), .int(.min), .unsigned(.max), 0.5, -0.5,
    .number(.leastNonzeroMagnitude), .number(1e30), .number(1e308), .number(-1e308),
    .number(0.999_999),
  ]
  private static let texts: [String] = [
    "", " ", ".", "..", "../../x", "/etc/passwd", "a/b", "nan", "inf", "fox", "cat", "noto",
    "\u{1B}[31mred", "\u{202E}x", "a\u{0}b", "e\u{301}\u{1F98A}", "{object}", "{style} {name}", "0",
    "9223372036854775808", "null", String(repeating: "x", count: 300),
    String(repeating: "<|endoftext|>", count: 500), "unet.conv_in.weight", "DDIMScheduler",
  ]

  mutating func json(_ value: JSON) -> JSON {
    var value = value
    for _ in 0...draw.below(3) { value = changed(value, depth: 0) }
    return value
  }

  /// One node of the tree, or a part of it, becomes another.
  private mutating func changed(_ value: JSON, depth: Int) -> JSON {
    let isLeaf = depth > 0 && draw.oneIn(4)
    if !isLeaf, let members = value.members, !members.isEmpty {
      var members = members
      let key = draw.of(members.keys.sorted())
      switch draw.below(12) {
      case 0: members[key] = nil
      case 1: members[draw.of(Self.texts)] = members[key]
      case 2: members[key] = members[draw.of(members.keys.sorted())]
      default: members[key] = changed(members[key] ?? .null, depth: depth + 1)
      }
      return .object(members)
    }
    if !isLeaf, let list = value.array, !list.isEmpty {
      var list = list
      switch draw.below(8) {
      case 0: list.remove(at: draw.below(list.count))
      case 1: list += list
      case 2: list = []
      case 3: list.swapAt(draw.below(list.count), draw.below(list.count))
      case 4: list.append(list[draw.below(list.count)])
      default:
        let i = draw.below(list.count)
        list[i] = changed(list[i], depth: depth + 1)
      }
      return .array(list)
    }
    return leaf(value)
  }

  private mutating func leaf(_ value: JSON) -> JSON {
    if let i = value.int, draw.oneIn(3) {
      return .int(draw.of([i &+ 1, i &- 1, i &* 2, 0 &- i, i / 2]))
    }
    switch draw.below(10) {
    case 0: return .null
    case 1: return .bool(draw.oneIn(2))
    case 2: return .array([])
    case 3: return .object([:])
    case 4, 5: return .string(draw.of(Self.texts))
    case 6:
      return .array(Array(repeating: draw.of(Self.numbers), count: draw.of([1, 3, 70, 2000])))
    default: return draw.of(Self.numbers)
    }
  }

  mutating func jsonFile(_ data: Data) -> Data {
    guard !draw.oneIn(8), let value = try? JSONText.value(data) else {
      return bytes(data)
    }
    return Data(json(value).pretty.utf8)
  }

  /// Lines of JSON.
  mutating func lines(_ data: Data) -> Data {
    var lines = String(decoding: data, as: UTF8.self).split(separator: "\n").map { Data($0.utf8) }
    guard !lines.isEmpty else { return data }
    let i = draw.below(lines.count)
    lines[i] = jsonFile(lines[i])
    return Data(lines.joined(separator: [10]))
  }

  // MARK: - Bytes

  private static let insertions: [[UInt8]] = [
    [0], [0xFF], [0xEF, 0xBB, 0xBF], Array("[[[[[[[[".utf8), Array("1e99999".utf8),
    Array("NaN".utf8),
    Array("-Infinity".utf8), Array("\"".utf8), Array("\n".utf8), Array(",".utf8),
    Array(String(repeating: "[", count: 3000).utf8), [0xC3, 0x28],
  ]

  mutating func bytes(_ data: Data) -> Data {
    var bytes = [UInt8](data)
    for _ in 0...draw.below(3) {
      let place = draw.below(bytes.count + 1)
      switch draw.below(6) {
      case 0: bytes = Array(bytes.prefix(place))
      case 1: bytes.insert(contentsOf: draw.of(Self.insertions), at: place)
      case 2 where !bytes.isEmpty:
        bytes.removeSubrange(
          min(place, bytes.count - 1)..<min(place + 1 + draw.below(16), bytes.count))
      case 3 where bytes.count > 8:
        let from = draw.below(bytes.count - 8)
        bytes += bytes[from..<(from + 8)]
      default:
        guard !bytes.isEmpty else { continue }
        bytes[draw.below(bytes.count)] = draw.of([0, 1, 0x7F, 0x80, 0xFF, UInt8(draw.below(256))])
      }
    }
    return Data(bytes)
  }

  mutating func text(_ data: Data) -> Data {
    var parts = String(decoding: data, as: UTF8.self).split(
      separator: draw.of([",", "\n", " "]), omittingEmptySubsequences: false
    ).map(String.init)
    guard !parts.isEmpty, !draw.oneIn(4) else { return bytes(data) }
    parts[draw.below(parts.count)] =
      draw.oneIn(2) ? draw.of(Self.texts) : draw.of(Self.numbers).compact
    return Data(parts.joined(separator: draw.of([",", "\n", " "])).utf8)
  }

  // MARK: - Files with a header

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
