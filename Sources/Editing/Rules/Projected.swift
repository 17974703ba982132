// Another rule's gradients, turned where they would undo a remembered one (GEM, Lopez-Paz & Ranzato, NeurIPS
// 2017, eq. 11, with one memory; Scissorhands, Wu & Harandi, ECCV 2024, algorithm 1):
//
//   g~ = g                                                        where <m, g> >= 0
//   g~ = g + v m,    v = argmin_{v >= mu} 1/2 (|m|^2 + rho) v^2 + <m, g> v = max(mu, -<m, g> / (|m|^2 + rho))   else
//
// m: the remembered gradient. A step along -g raises m's loss where <m, g> < 0; along -g~ it does so no more, but for
// the share rho / (|m|^2 + rho). mu = 0.5, rho = 1e-3, as in the released code.
public import Diffusion
public import Torch
public import Training

/// Another rule's gradients, turned where they would undo a remembered one (GEM, Lopez-Paz & Ranzato, NeurIPS 2017, eq.
/// 11).
public struct Projected: GradientRule {
  var base: any GradientRule
  let memory: [Tensor]
  let margin: Double

  public var furtherLists: Int { base.furtherLists }

  /// - Parameters:
  /// - memory: m, the remembered gradient, in the order and shapes of the parameters
  /// - margin: mu, the least v where the two oppose each other
  public init(_ base: any GradientRule, memory: [Tensor], margin: Double = 0.5) {
    (self.base, self.memory, self.margin) = (base, memory, margin)
  }

  public mutating func gradient(
    _ model: DiffusionModel, over parameters: [Tensor], _ step: inout Step
  ) throws -> (loss: Double, gradients: [Tensor]) {
    let found = try base.gradient(model, over: parameters, &step)
    let dots = Foreach.dots([(memory, found.gradients), (memory, memory)])
    let v = Self.weight(mg: dots[0], mm: dots[1], margin: margin)
    if v > 0 { withoutGradients { Foreach.add(found.gradients, memory, times: v) } }
    step.log["v"] = v
    return found
  }

  /// v, from <m, g> and |m|^2; 0 where the two do not oppose each other.
  public static func weight(mg: Double, mm: Double, margin: Double = 0.5) -> Double {
    mg < 0 ? max(margin, -mg / (mm + 1e-3)) : 0
  }
}
