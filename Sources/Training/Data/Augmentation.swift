package import Torch

/// Random changes of a picture that keep its subject.
package struct Augmentation: Codable, Sendable, Hashable {
  /// Degrees to either side, from 0. Raise it where pictures stand askew.
  package var rotation = 12.0
  /// Largest change of size, as a share, 0 to below 1.
  package var scale = 0.15
  /// Largest shift, as a share of the picture, from 0.
  package var shift = 0.08
  /// Largest change of brightness, from 0, on the scale of -1 (black) to 1 (white).
  package var brightness = 0.15
  /// Largest change of contrast, as a share, 0 to below 1.
  package var contrast = 0.2
  /// Share of pictures, 0 to 1, seen through a smaller copy of themselves. Raise it for a judge of blurred pictures.
  package var blurShare = 0.4
  /// Largest standard deviation of added noise, from 0, on the scale of -1 to 1. Each picture gets a share of it at
  /// random.
  package var noise = 0.08
  /// The colour outside the picture: 1 is white, -1 black.
  package var background = 1.0
  /// Whether half of the pictures are mirrored.
  package var flip = false
  package init() {}

  /// x [N, 3, H, W] in [-1, 1]
  package func applied(to x: Tensor, _ g: Generator) -> Tensor {
    let n = x.size(0)
    func spread(_ width: Double) -> Tensor { (Tensor.rand([n], g) * 2 - 1) * width }
    let angle = spread(rotation * .pi / 180)
    let size = 1 + spread(scale)
    let theta = Tensor.stack(
      [
        Tensor.stack([angle.cos() * size, -(angle.sin() * size), spread(2 * shift)], 1),
        Tensor.stack([angle.sin() * size, angle.cos() * size, spread(2 * shift)], 1),
      ], 1)  // [N, 2, 3]
    // Outside, the map sees zeros.
    var y = (x - background).affine(theta.to(x.device)) + background
    if flip {
      let flipped = Tensor.rand([n, 1, 1, 1], g).isLess(than: 0.5).to(x.device)
      y = flipped.select(y.flipped(3), else: y)
    }
    let small = y.averagePooled(2).upsampledNearest(2)
    let blurred = Tensor.rand([n, 1, 1, 1], g).isLess(than: blurShare).to(x.device)
    y = blurred.select(small, else: y)
    let gain = (1 + spread(contrast)).reshaped(n, 1, 1, 1).to(x.device)
    y = (y * gain + spread(brightness).reshaped(n, 1, 1, 1).to(x.device)).clamped(-1, 1)
    let amount = (Tensor.rand([n, 1, 1, 1], g) * noise).to(x.device)
    return y + amount * Tensor.randn(x.shape, g).to(x.device)
  }
}
