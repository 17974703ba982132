// How many pictures go through a network at once where no gradient is asked for.
internal import Foundation
internal import Torch
internal import TorchNN

extension DiffusionModel {
  /// ``Runtime/batch`` where it is set, else `limit`, or as many as fit into the device's memory where those are fewer.
  ///
  /// The number depends on the size of the memory and not on how much of it is free, so that a machine rounds alike in
  /// every run.
  package func batch(atMost limit: Int) -> Int {
    guard Runtime.batch == 0 else { return Runtime.batch }
    guard isLarge else { return limit }
    let weights = parameters.tensors.values.reduce(0) { $0 + $1.count * 4 }
    return Self.batch(
      atMost: limit, pixels: imageSize * imageSize, weights: weights, memory: device.memory)
  }

  /// - Parameters:
  ///   - pixels: pixels of a picture
  ///   - weights, memory: bytes of the model and of the device; half of the memory is left to others
  package static func batch(atMost limit: Int, pixels: Int, weights: Int, memory: Int) -> Int {
    max(1, min(limit, (memory / 2 - weights) / (pixels * bytesOfPixel)))
  }

  /// The memory that pictures of a batch take, by part: weights, and the decoder's activations.
  package func memorySentence(batch: Int) -> String {
    var parts: [String: Int] = [:]
    for (path, tensor) in parameters.tensors {
      parts[String(path.components.first ?? ""), default: 0] += tensor.byteCount
    }
    let pictures = batch * imageSize * imageSize * Self.bytesOfPixel
    var all = parts.map { (name: $0.key, bytes: $0.value) }
      .sorted { ($1.bytes, $0.name) < ($0.bytes, $1.name) }
    all.append(("pictures", pictures))
    let named = all.map { name, bytes -> String in
      let count = name == "pictures" ? " (\(batch) at a time)" : ""
      return String(format: "\(name)\(count) %.2f GB", Double(bytes) / 1e9)
    }
    let sum = Double(all.reduce(0) { $0 + $1.bytes }) / 1e9
    return "memory: " + named.joined(separator: ", ") + String(format: "; together %.2f GB", sum)
  }

  /// The decoder is the fullest moment: about ten maps of 128 channels at the size of the picture.
  private static let bytesOfPixel = 10 * 128 * 4
}
