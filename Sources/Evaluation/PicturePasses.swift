internal import Torch

extension Tensor {
  /// The parts of pictures [N, 3, H, W] that a network looks at one after the other: `limit` pictures at a time, or as
  /// many as fit into the device's memory where those are fewer.
  ///
  /// The number depends on the size of the memory and not on how much of it is free, so that a machine rounds alike in
  /// every run.
  /// - Parameter memory: bytes, of which half is left to others; nil for those of the pictures' device
  func passes(atMost limit: Int, memory: Int? = nil) -> [Range<Int>] {
    let picture = shape.dropFirst(2).reduce(1, *) * Self.bytesOfSeenPixel
    let size = Swift.max(1, Swift.min(limit, (memory ?? device.memory) / 2 / Swift.max(1, picture)))
    return stride(from: 0, to: self.size(0), by: size).map {
      $0..<Swift.min($0 + size, self.size(0))
    }
  }

  /// The rows of a part.
  func rows(_ part: Range<Int>) -> Tensor { narrowed(0, part.lowerBound, part.count) }

  /// About three maps of 64 channels at the size of the picture.
  private static let bytesOfSeenPixel = 3 * 64 * 4
}
