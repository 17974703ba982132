// The first-order bilevel rule of EraseDiff (Wu, Le, Hayat, Harandi; CVPR 2025, Theorem 3.1), after BOME (Liu et
// al., 2022), for   min L_r(theta)  subject to  g(theta) = L_f(theta) - min L_f <= 0:
//
//   delta  = g_r + lambda g_f,    lambda = max(0, eta - <g_r, g_f> / |g_f|^2)
//
// with g_r, g_f the gradients of L_r, L_f: the smallest change of g_r for which a step brings L_f down by
// at least eta |g_f|^2. Two backward passes, dot products in float64, no third pass.
//
// The papers' inner loop (K steps on L_f to estimate min L_f) changes only the value of g; lambda
// and delta are made of gradients, so it has no influence on the weights, and there is none here.
// Rules: `paper`, as above; `fixed`, lambda = eta, as the released commands run; `cosine`, the released
// code's adaptive branch, lambda = max(0, eta - cos(g_r, g_f)), which is not the theorem's.
public import Diffusion
public import Torch
public import Training

public struct Bilevel: GradientRule {
  public enum Lambda: String, Codable, Sendable, CaseIterable { case paper, fixed, cosine }

  let retain: any Objective
  let forget: any Objective
  let rule: Lambda
  let eta: Double

  public init(retain: any Objective, forget: any Objective, rule: Lambda, eta: Double) {
    (self.retain, self.forget, self.rule, self.eta) = (retain, forget, rule, eta)
  }

  public mutating func gradient(
    _ model: DiffusionModel, over parameters: [Tensor], _ step: inout Step
  ) throws -> (loss: Double, gradients: [Tensor]) {
    let r = descend(try retain.loss(model, &step), parameters)
    let f = descend(try forget.loss(model, &step), parameters)
    let lambda = Self.lambda(
      rule, eta, rf: Foreach.dot(r.gradients, f.gradients),
      rr: Foreach.dot(r.gradients, r.gradients),
      ff: Foreach.dot(f.gradients, f.gradients))
    Foreach.add(r.gradients, f.gradients, times: lambda)
    step.log["retain"] = r.loss
    step.log["forget"] = f.loss
    step.log["lambda"] = lambda
    return (r.loss + lambda * f.loss, r.gradients)
  }

  /// - Parameters:
  ///   - rf, rr, ff: <g_r, g_f>, |g_r|^2 (only `cosine` computes it), |g_f|^2
  public static func lambda(
    _ rule: Lambda, _ eta: Double, rf: Double, rr: @autoclosure () -> Double, ff: Double
  ) -> Double {
    guard ff > 0 else { return 0 }
    switch rule {
    case .fixed: return eta
    case .paper: return max(0, eta - rf / ff)
    case .cosine: return max(0, eta - rf / ((rr() * ff).squareRoot() + 1e-8))
    }
  }
}
