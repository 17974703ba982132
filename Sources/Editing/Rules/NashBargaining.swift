// The Nash bargain of two players (MUNBa, Wu & Harandi, 2024, eq. 8, after Navon et al., ICML 2022): the direction
// along which the product of both utilities grows most,
//
//   delta = alpha_r g_r + alpha_f g_f,    (G^T G) alpha = 1 / alpha
//   alpha_r = 1 / (|g_r| sqrt(1 + cos)),  alpha_f = 1 / (|g_f| sqrt(1 + cos)),   cos = <g_r, g_f> / (|g_r| |g_f|)
//
// The papers solve for alpha by convex programming; for two players it is the closed form above. Where the
// players want opposite things there is no bargain, and 1 + cos is held at `floor`.
public import Diffusion
public import Torch
public import Training

/// The Nash bargain of retaining and forgetting (MUNBa, Wu & Harandi, 2024, eq. 8).
public struct NashBargaining: GradientRule {
  let retain: any Objective
  let forget: any Objective
  let picturesInPass: Int
  static let floor = 1e-2

  /// The second player's gradient, and that of its last pass.
  public var furtherLists: Int { picturesInPass > 0 ? 2 : 1 }

  /// - Parameter picturesInPass: pictures that go through the network at once; 0 takes a batch whole
  public init(retain: any Objective, forget: any Objective, picturesInPass: Int = 0) {
    (self.retain, self.forget, self.picturesInPass) = (retain, forget, picturesInPass)
  }

  public mutating func gradient(
    _ model: DiffusionModel, over parameters: [Tensor], _ step: inout Step
  ) throws -> (loss: Double, gradients: [Tensor]) {
    let r = try descend(retain, model, parameters, &step, by: picturesInPass)
    let f = try descend(forget, model, parameters, &step, by: picturesInPass)
    let dots = Foreach.dots([
      (r.gradients, r.gradients), (f.gradients, f.gradients), (r.gradients, f.gradients),
    ])
    let alpha = Self.weights(rr: dots[0], ff: dots[1], rf: dots[2])
    withoutGradients {
      Foreach.scale(r.gradients, by: alpha.r)
      Foreach.add(r.gradients, f.gradients, times: alpha.f)
    }
    (step.log["retain"], step.log["forget"]) = (r.loss, f.loss)
    (step.log["alpha_r"], step.log["alpha_f"]) = (alpha.r, alpha.f)
    return (r.loss + f.loss, r.gradients)
  }

  /// alpha, from |g_r|^2, |g_f|^2 and <g_r, g_f>; a player without a gradient has no say.
  public static func weights(rr: Double, ff: Double, rf: Double) -> (r: Double, f: Double) {
    guard rr > 0, ff > 0 else {
      return (rr > 0 ? 1 / rr.squareRoot() : 0, ff > 0 ? 1 / ff.squareRoot() : 0)
    }
    let cosine = rf / (rr * ff).squareRoot()
    let share = max(floor, 1 + cosine).squareRoot()
    return (1 / (rr.squareRoot() * share), 1 / (ff.squareRoot() * share))
  }
}
