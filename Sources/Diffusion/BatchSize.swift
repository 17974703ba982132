// The number of pictures that go through a network at once where no gradient is asked for.
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
    let weights = store.tensors.values.reduce(0) { $0 + $1.count * 4 }
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
    var all = parts(in: computeType)
    all.append(("pictures (\(batch) at a time)", pictures(batch)))
    return "memory: \(Self.list(all)); together \(Self.gigabytes(all.reduce(0) { $0 + $1.bytes }))"
  }

  /// The memory of the device with CPU offload, by the component that is on it, beside that of all at once.
  /// - Parameter type: the type that the networks compute in
  package func offloadSentence(batch: Int, computing type: ComputeType) -> String {
    var moments: [(name: String, bytes: Int)] = []
    for (name, bytes) in parts(in: type) {
      let name = name.hasPrefix(Layout.Component.textEncoder.rawValue) ? "text encoding" : name
      if let i = moments.firstIndex(where: { $0.name == name }) {
        moments[i].bytes += bytes
      } else {
        moments.append((name, bytes))
      }
    }
    // The pictures' activations are those of the decoder, or of the U-Net where there is none.
    let decoder = moments.firstIndex { $0.name == Layout.Component.vae.rawValue } ?? 0
    if moments.indices.contains(decoder) {
      moments[decoder].name += " with pictures"
      moments[decoder].bytes += pictures(batch)
    }
    let rests = parts(in: .float32) + (type == .float32 ? [] : parts(in: type))
    return "with --offload on a device: \(Self.list(moments)), one at a time; at most "
      + Self.gigabytes(moments.map(\.bytes).max() ?? 0) + ", and "
      + "\(Self.gigabytes(rests.reduce(0) { $0 + $1.bytes })) in the memory of the machine"
  }

  /// Bytes of each component's weights, the largest first.
  private func parts(in type: ComputeType) -> [(name: String, bytes: Int)] {
    var parts: [String: Int] = [:]
    for (path, tensor) in store.tensors {
      parts[String(path.components.first ?? ""), default: 0] +=
        tensor.count * dtype(of: path, in: type).size
    }
    return parts.map { (name: $0.key, bytes: $0.value) }
      .sorted { ($1.bytes, $0.name) < ($0.bytes, $1.name) }
  }

  private func pictures(_ batch: Int) -> Int { batch * imageSize * imageSize * Self.bytesOfPixel }

  private static func list(_ parts: [(name: String, bytes: Int)]) -> String {
    parts.map { "\($0.name) \(gigabytes($0.bytes))" }.joined(separator: ", ")
  }

  private static func gigabytes(_ bytes: Int) -> String {
    String(format: "%.2f GB", Double(bytes) / 1e9)
  }

  /// The decoder is the fullest moment: about ten maps of 128 channels at the size of the picture.
  private static let bytesOfPixel = 10 * 128 * 4
}
