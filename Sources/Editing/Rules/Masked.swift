// Another rule's gradients on some coordinates alone (SalUn, Fan et al., ICLR 2024, eq. 4 and 6):
//
//   m = 1[ |g| >= gamma ],  gamma the value that leaves `share` of all coordinates
//   theta moves along m * gradient
//
// A masked coordinate gets a gradient of exactly 0 in every step, so that Adam without weight decay leaves it as it is,
// bit for bit. Weight decay ignores the mask; its change of a masked coordinate is undone after the step.
public import Diffusion
public import Torch
public import Training

/// Another rule whose steps move only the weights of a mask (SalUn, Fan et al., ICLR 2024).
public struct Masked: GradientRule {
  var base: any GradientRule
  let masks: [Tensor]
  let fixed: [Tensor]

  /// The masked gradients beside the others.
  public var furtherLists: Int { max(1, base.furtherLists) }

  /// - Parameter fixed: the values of masked coordinates; empty where the optimizer moves nothing without a gradient
  public init(_ base: any GradientRule, _ masks: [Tensor], fixed: [Tensor] = []) {
    (self.base, self.masks, self.fixed) = (base, masks, fixed)
  }

  public mutating func gradient(
    _ model: DiffusionModel, over parameters: [Tensor], _ step: inout Step
  ) throws -> (loss: Double, gradients: [Tensor]) {
    let found = try base.gradient(model, over: parameters, &step)
    return (found.loss, zip(found.gradients, masks).map { $0 * $1 })
  }

  public func settle(_ parameters: [Tensor]) {
    withoutGradients {
      for ((p, mask), value) in zip(zip(parameters, masks), fixed) {
        p.copy(from: mask.equals(0).select(value, else: p))
      }
    }
  }

  /// Ones at the `share` of all coordinates with the largest magnitude: exactly floor(share n) of them where no two
  /// magnitudes at gamma are equal, and where some are, all of those too.
  ///
  /// gamma is found by bisection over the bits of a `Float`, which are ordered as the numbers are: 31 counts, exact,
  /// with no memory beyond one tensor's and nothing sorted.
  public static func largest(_ share: Double, of gradients: [Tensor]) -> [Tensor] {
    withoutGradients {
      let kept = Int(
        bounded: (share * Double(gradients.reduce(0) { $0 + $1.count })).rounded(.down),
        0...Int(Int32.max) * 64)
      guard kept > 0 else { return gradients.map { Tensor.zeros(like: $0) } }
      // The largest gamma that leaves `kept` coordinates or more.
      var (gamma, above) = (UInt32(0), Float.infinity.bitPattern)
      while above - gamma > 1 {
        let middle = gamma + (above - gamma) / 2
        if count(gradients, atLeast: Float(bitPattern: middle)) >= kept {
          gamma = middle
        } else {
          above = middle
        }
      }
      let threshold = Double(Float(bitPattern: gamma))
      return gradients.map { $0.abs().isAtLeast(threshold).to($0.dtype) }
    }
  }

  private static func count(_ xs: [Tensor], atLeast threshold: Float) -> Int {
    let counts = xs.map { $0.abs().isAtLeast(Double(threshold)).sum() }
    return counts.isEmpty ? 0 : Int(Tensor.stack(counts).sum().item)
  }
}
