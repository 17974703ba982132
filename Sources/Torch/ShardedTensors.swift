package import Foundation

extension SafeTensors {
  /// Bytes of one file, above which weights are spread over several.
  package static let largestFile = 10_000_000_000

  /// Writes `STEM.safetensors`, or shards of at most `largest` bytes behind `STEM.safetensors.index.json`. Files of the
  /// other form that an earlier writing left are removed, because readers take them first.
  package static func writeSharded(
    _ tensors: [String: Tensor], metadata: [String: String] = [:], stem: String, in folder: URL,
    largest: Int = largestFile
  ) throws {
    var shards: [[String]] = []
    var size = 0
    for name in tensors.keys.sorted() {
      let bytes = tensors[name]?.byteCount ?? 0
      if shards.isEmpty || size + bytes > largest {
        shards.append([])
        size = 0
      }
      shards[shards.count - 1].append(name)
      size += bytes
    }
    let files = FileManager.default
    let plain = folder.appendingPathComponent("\(stem).safetensors")
    let index = folder.appendingPathComponent("\(stem).safetensors.index.json")
    guard shards.count > 1 else {
      try write(tensors, metadata: metadata, to: plain)
      try? files.removeItem(at: index)
      return
    }
    func number(_ n: Int) -> String { String(repeating: "0", count: 5 - "\(n)".count) + "\(n)" }
    var map: [String: JSON] = [:]
    for (i, names) in shards.enumerated() {
      let file = "\(stem)-\(number(i + 1))-of-\(number(shards.count)).safetensors"
      let part = tensors.filter { names.contains($0.key) }
      try write(part, metadata: metadata, to: folder.appendingPathComponent(file))
      for name in names { map[name] = .string(file) }
    }
    let total = tensors.values.reduce(0) { $0 + $1.byteCount }
    let json: JSON = ["metadata": ["total_size": .int(total)], "weight_map": .object(map)]
    try AtomicFile.write(Data(json.pretty.utf8), to: index)
    try? files.removeItem(at: plain)
  }
}
