// Structured mutation: JSON by its nodes, and anything by its bytes.
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
}
