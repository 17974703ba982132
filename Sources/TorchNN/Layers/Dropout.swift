package import Torch

/// Zeroes a share of the numbers while a generator is set, and scales the rest up (Srivastava et al., 2014).
/// The generator is the step's own, so that a resumed training drops what it would have dropped.
package final class Dropout {
  package let share: Double
  /// Set for training steps; nil leaves everything as it is.
  package var generator: Generator?

  package init(_ share: Double) { self.share = share }

  package func callAsFunction(_ x: Tensor) -> Tensor {
    guard share > 0, let generator else { return x }
    let kept = Tensor.rand(x.shape, generator).isAtLeast(Tensor.full([], share)).to(
      x.device, x.dtype)
    return x * kept / (1 - share)
  }
}
