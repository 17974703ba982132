// Loss scaling (Micikevicius et al., ICLR 2018): gradients of small losses leave the range of float16, so that a step
// in float16 differentiates s L and divides by s,
//
//   g = grad(s L) / s,     s <- s / 2 and no step where g has no finite norm,     s <- 2 s after `patience` good steps
//
// s is a power of two, so that no number loses bits by it.
internal import Processes
internal import Torch

struct LossScaling {
  private(set) var scale: Double
  private var good: Double

  private static let (scaleKey, goodKey) = ("loss scale", "steps at this loss scale")
  private static let (first, most, patience) = (1024.0, 65536.0, 200.0)

  /// Goes on from what a training carries from step to step.
  init(_ carried: [String: Double]) {
    scale = min(max(carried[Self.scaleKey] ?? Self.first, 1), Self.most)
    good = carried[Self.goodKey] ?? 0
  }

  /// Runs `body`, whose gradients are those of the loss, and differentiates the scaled one.
  func callAsFunction<R>(_ body: () throws -> R) rethrows -> R {
    try GradientScale.$factor.withValue(scale, operation: body)
  }

  /// Takes note of a step's gradients.
  /// - Returns: whether they may move the weights; nil where no smaller scale is left to try
  mutating func accepts(_ gradients: [Tensor], _ carried: inout [String: Double]) -> Bool? {
    let isFinite = Foreach.norm(gradients).isFinite
    guard isFinite || scale > 1 else { return nil }
    good = isFinite ? good + 1 : 0
    if !isFinite { scale /= 2 }
    if good >= Self.patience { (scale, good) = (min(2 * scale, Self.most), 0) }
    (carried[Self.scaleKey], carried[Self.goodKey]) = (scale, good)
    return isFinite
  }
}
