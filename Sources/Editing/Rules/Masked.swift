// Another rule's gradients on some coordinates alone (SalUn, Fan et al., ICLR 2024, eq. 4 and 6):
//
//   m = 1[ |g| >= gamma ],  gamma the value that leaves `share` of all coordinates
//   theta moves along m * gradient
//
// A masked coordinate gets a gradient of exactly 0 in every step, so that Adam without weight decay
// leaves it as it is, bit for bit.
public import Diffusion
public import Torch
public import Training

public struct Masked: GradientRule {
  var base: any GradientRule
  let masks: [Tensor]

  public init(_ base: any GradientRule, _ masks: [Tensor]) {
    (self.base, self.masks) = (base, masks)
  }

  public mutating func gradient(
    _ model: DiffusionModel, over parameters: [Tensor], _ step: inout Step
  ) throws -> (loss: Double, gradients: [Tensor]) {
    let found = try base.gradient(model, over: parameters, &step)
    return (found.loss, zip(found.gradients, masks).map { $0 * $1 })
  }

  /// Ones at the `share` of all coordinates with the largest magnitude, exactly floor(share n) of them
  /// where no two magnitudes at the threshold are equal.
  public static func largest(_ share: Double, of gradients: [Tensor]) -> [Tensor] {
    withoutGradients {
      let all = Tensor.concatenate(gradients.map { $0.abs().flattened() })
      let kept = Int(bounded: (share * Double(all.count)).rounded(.down), 0...all.count)
      guard kept > 0 else { return gradients.map { Tensor.zeros($0.shape, on: $0.device) } }
      let threshold = all.top(kept).0.min(0)
      return gradients.map { $0.abs().isAtLeast(threshold).to($0.dtype) }
    }
  }
}
