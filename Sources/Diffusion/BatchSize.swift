// How many pictures go through a network at once where no gradient is asked for.
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

  /// The decoder is the fullest moment: about ten maps of 128 channels at the size of the picture.
  private static let bytesOfPixel = 10 * 128 * 4
}
