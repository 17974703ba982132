// Files of safetensors are written in a stream, atomically.
package import Foundation

extension SafeTensors {
  /// The order in which tensors are written: larger element types first, so that every tensor is aligned when the file
  /// is mapped, and then by name.
  package static func order(_ tensors: [String: Tensor]) -> [String] {
    tensors.keys.sorted {
      let a = tensors[$0]?.dtype.size ?? 0
      let b = tensors[$1]?.dtype.size ?? 0
      return a == b ? $0 < $1 : a > b
    }
  }

  /// Writes `tensors` in the order of their names, with one tensor in memory at a time.
  /// - Parameter durable: false for a file that only this process reads again
  package static func write(
    _ tensors: [String: Tensor], metadata: [String: String] = [:], to file: URL,
    durable: Bool = true
  ) throws {
    let names = order(tensors)
    var header: [String: Any] = [:]
    var offset = 0
    for name in names {
      guard let tensor = tensors[name] else { continue }
      let end = offset + tensor.byteCount
      header[name] = [
        "dtype": tensor.dtype.safetensors, "shape": tensor.shape, "data_offsets": [offset, end],
      ]
      offset = end
    }
    if !metadata.isEmpty { header["__metadata__"] = metadata }
    var json = try JSONSerialization.data(
      withJSONObject: header, options: [.sortedKeys, .withoutEscapingSlashes])
    while json.count % 8 != 0 { json.append(UInt8(ascii: " ")) }
    try AtomicFile.write(file, durable: durable) { handle in
      var length = UInt64(json.count).littleEndian
      try withUnsafeBytes(of: &length) { try handle.append($0) }
      try json.withUnsafeBytes { try handle.append($0) }
      for name in names { try tensors[name]?.withBytes { try handle.append($0) } }
    }
  }
}
