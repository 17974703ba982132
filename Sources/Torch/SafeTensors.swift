// safetensors: 8 bytes little-endian length of a JSON header, the header, then the tensors' bytes.
//
// Read memory-mapped and without copies; every number of the header is checked before it is used,
// because these files come from strangers.
package import Foundation

/// A safetensors file, or several of them behind an index.
package struct SafeTensors {
  /// Operators take 64; convolutions of pictures over time have 5.
  private static let mostDimensions = 8

  package let file: URL
  package let metadata: [String: String]
  /// Every tensor of the file, sharing the file's memory where its alignment allows.
  package let tensors: [String: Tensor]

  private struct Entry {
    var dtype: String
    var shape: [Int]
    var data_offsets: [Int]
  }

  /// - Parameter finite: refuse files with a NaN or an infinity in a floating-point tensor.
  /// - Throws: ``LetheError`` naming the file and what is wrong with it.
  package init(contentsOf file: URL, finite: Bool = false) throws {
    guard !["bin", "pt", "pth", "ckpt", "pkl"].contains(file.pathExtension.lowercased()) else {
      throw LetheError.pickle(file)
    }
    let map = try MappedFile(file)
    func damaged(_ why: String) -> LetheError {
      .strange(file, map.bytes, accepted: "a safetensors file", else: .malformed(file, why))
    }

    try InputFile.refusePointer(UnsafeRawBufferPointer(start: map.base, count: map.count), file)
    guard map.count >= 8 else {
      throw damaged("\(map.count) bytes are too few for a header length")
    }
    let announced = map.base.loadUnaligned(as: UInt64.self).littleEndian
    guard let length = Int(exactly: announced), Limit.header.allows(length) else {
      throw damaged("a header of \(announced) bytes; accepted: at most \(Limit.header.most)")
    }
    let start = 8 + length
    guard start <= map.count else {
      throw damaged(
        "the header should have \(announced) bytes, the file ends after \(map.count - 8)")
    }
    let header = Data(bytes: map.base + 8, count: length)
    let (entries, metadata) = try Self.parse(header, damaged)

    let bytes = map.count - start
    var tensors: [String: Tensor] = [:]
    var spans: [(Range<Int>, String)] = []
    for (name, entry) in entries {
      guard let dtype = DType(safetensors: entry.dtype) else {
        throw damaged(
          "'\(name)' has the element type '\(entry.dtype)'; accepted: F64, F32, F16, BF16, I64, I32, I16, I8, U8, BOOL and others of safetensors"
        )
      }
      guard entry.data_offsets.count == 2, let low = entry.data_offsets.first,
        let high = entry.data_offsets.last, 0 <= low, low <= high, high <= bytes
      else {
        throw damaged(
          "'\(name)' has the offsets \(entry.data_offsets); accepted: a beginning and an end within \(bytes) bytes of data"
        )
      }
      guard entry.shape.count <= Self.mostDimensions else {
        throw damaged(
          "'\(name)' has \(entry.shape.count.counted("dimension")); accepted: at most \(Self.mostDimensions)"
        )
      }
      guard let size = dtype.bytes(of: entry.shape) else {
        throw damaged(
          "'\(name)' has the shape \(entry.shape); accepted: sizes from 0 whose bytes can be counted"
        )
      }
      guard size == high - low else {
        throw damaged(
          "'\(name)' has \(high - low) bytes; accepted: \(size), as \(entry.dtype)\(entry.shape) needs"
        )
      }
      if size > 0 { spans.append((low..<high, name)) }
      let address = map.base + start + low
      do throws(Fault) {
        let aligned = Int(bitPattern: address) % dtype.size == 0
        tensors[name] =
          aligned && size > 0
          ? try Tensor(over: address, entry.shape, dtype, keeping: map)
          : try Tensor(
            bytes: UnsafeRawBufferPointer(start: address, count: size), entry.shape, dtype)
      } catch { throw damaged("'\(name)': \(error)") }
    }
    spans.sort { $0.0.lowerBound < $1.0.lowerBound }
    for (a, b) in zip(spans, spans.dropFirst()) where a.0.upperBound > b.0.lowerBound {
      throw damaged("the bytes of '\(a.1)' and '\(b.1)' overlap; accepted: each byte in one tensor")
    }
    let covered = spans.reduce(0) { $0 + $1.0.count }
    guard covered == bytes else {
      throw damaged("it has \(bytes) bytes of data; accepted: \(covered), as the header describes")
    }
    if finite {
      for (name, tensor) in tensors.sorted(by: { $0.key < $1.key })
      where tensor.dtype.isFloatingPoint
        && !(tensor.dtype.size > 1 ? tensor : tensor.to(.float32)).isFinite
      {
        throw damaged("'\(name)' holds a value that is not a finite number")
      }
    }
    (self.file, self.metadata, self.tensors) = (file, metadata, tensors)
  }

  /// The header as the reference implementation reads it: a JSON object, every key once, whole numbers.
  private static func parse(
    _ header: Data, _ damaged: (String) -> LetheError
  ) throws -> ([String: Entry], [String: String]) {
    let json: JSON
    do { json = try JSONText.value(header, .strict) } catch {
      throw damaged("its header is no JSON object of tensors: \(error)")
    }
    guard header.first == UInt8(ascii: "{"), var members = json.members else {
      throw damaged("its header is no JSON object of tensors")
    }
    var metadata: [String: String] = [:]
    if let own = members.removeValue(forKey: "__metadata__"), own != .null {
      guard let texts = own.members, texts.values.allSatisfy({ $0.string != nil }) else {
        throw damaged("its __metadata__ is no object of texts")
      }
      metadata = texts.compactMapValues(\.string)
    }
    func wholes(_ json: JSON?) -> [Int]? {
      json?.array.flatMap { list in
        let found = list.compactMap { if case .int(let v) = $0 { v } else { nil } }
        return found.count == list.count ? found : nil
      }
    }
    var entries: [String: Entry] = [:]
    for (name, member) in members {
      guard let dtype = member["dtype"]?.string, let shape = wholes(member["shape"]),
        let offsets = wholes(member["data_offsets"])
      else {
        throw damaged(
          "'\(name)' is \(String(member.compact.prefix(120))); accepted: an object with dtype, and with shape and data_offsets of whole numbers"
        )
      }
      entries[name] = Entry(dtype: dtype, shape: shape, data_offsets: offsets)
    }
    return (entries, metadata)
  }

  // MARK: - Sharded files

  /// Reads `NAME.safetensors`, or the shards that `NAME.safetensors.index.json` lists.
  package static func load(_ file: URL, finite: Bool = false) throws -> [String: Tensor] {
    guard file.pathExtension == "json" else {
      return try SafeTensors(contentsOf: file, finite: finite).tensors
    }
    let index = try Index(file)
    var all: [String: Tensor] = [:]
    for (shard, place) in try index.shards(of: file) {
      let part = try SafeTensors(contentsOf: place, finite: finite)
      for (name, tensor) in part.tensors {
        guard index.weight_map[name] == shard else {
          throw LetheError.malformed(
            file, "'\(name)' is in \(shard), where the index does not have it")
        }
        all[name] = tensor
      }
    }
    let missing = index.weight_map.keys.filter { all[$0] == nil }.sorted()
    guard missing.isEmpty else {
      throw LetheError.malformed(file, "'\(missing[0])' is in none of its shards")
    }
    return all
  }

  /// The files that an index of shards names, in the order of their names.
  /// - Throws: ``LetheError`` of the kind `model` for a file that is no such index
  package static func shards(of index: URL) throws -> [URL] {
    try Index(index).shards(of: index).map(\.place)
  }

  /// The shard of each tensor.
  private struct Index: Decodable {
    var weight_map: [String: String]

    init(_ file: URL) throws {
      do {
        self = try JSON(contentsOf: file).decoded()
      } catch {
        throw LetheError.malformed(
          file, "it is no index; accepted: an object with a weight_map of tensors and their files")
      }
    }

    func shards(of file: URL) throws -> [(name: String, place: URL)] {
      try Set(weight_map.values).sorted().map { shard in
        let place = try file.deletingLastPathComponent().inside(
          shard, "a shard of weight_map", of: file, followingLinks: true)
        guard shard.hasSuffix(".safetensors") else {
          throw LetheError.malformed(
            file, "it names the shard '\(shard)'; accepted: names that end with .safetensors")
        }
        return (shard, place)
      }
    }
  }
}

extension DType {
  private static let names: [(DType, String)] = [
    (.float64, "F64"), (.float32, "F32"), (.float16, "F16"), (.bfloat16, "BF16"),
    (.float8e5m2, "F8_E5M2"), (.float8e4m3, "F8_E4M3"), (.int64, "I64"), (.int32, "I32"),
    (.int16, "I16"), (.int8, "I8"), (.uint64, "U64"), (.uint32, "U32"), (.uint16, "U16"),
    (.uint8, "U8"), (.bool, "BOOL"),
  ]
  init?(safetensors name: String) {
    guard let found = Self.names.first(where: { $0.1 == name }) else { return nil }
    self = found.0
  }
  var safetensors: String { Self.names.first { $0.0 == self }?.1 ?? "F32" }
}
