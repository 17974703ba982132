import Diffusion
import Torch

/// Pictures that the golden scripts make too.
enum GoldenPictures {
  /// A formula's picture of 8 bits, the golden script's.
  static func picture(_ height: Int, _ width: Int) -> Image {
    var pixels: [UInt8] = []
    for y in 0..<height {
      for x in 0..<width {
        for c in 0..<3 {
          pixels.append(
            UInt8((x * (3 + 2 * c) + y * (5 - c) + (x * y / 7) * (c + 1)) % 256))
        }
      }
    }
    return Image(width: width, height: height, pixels: pixels)
  }
}
