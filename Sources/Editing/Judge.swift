package import Torch

/// Says what is in a picture.
package protocol Judge {
  /// What it can say, in the order of its scores.
  var classes: [String] { get }
  /// Probabilities: [N, 3, H, W] in [-1, 1] -> [N, K]
  func scores(_ images: Tensor) -> Tensor
  /// The representation before the decision: -> [N, D]
  func features(_ images: Tensor) -> Tensor
}
