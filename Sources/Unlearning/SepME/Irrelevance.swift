// SepME's loss of concept-irrelevant representations over several concepts, its momentum and its end:
//
//   sum_i eta_i L_cor(c_i),      eta_i = max_k |L_cor(c_k)| / |L_cor(c_i)|
//   L_mom = alpha L_mom + (1 - alpha) sum_i eta_i L_cor(c_i)                stop when L_mom <= tau
//
// Concepts that train for themselves have each the case of N = 1, eta = 1. L_mom begins with the first step's loss.
internal import Torch
internal import Training

extension SepME {
  /// Concepts that train as one.
  func together(
    _ correlations: [Tensor], _ concepts: [ConceptInTraining], _ step: inout Step
  ) -> Tensor {
    let values = correlations.map(\.item)
    let etas = Self.etas(values)
    let starts = concepts.map(\.start)
    let tau = tau(zip(Self.etas(starts), starts).map { $0 * $1 }.reduce(0, +))
    let now = momentum(step.carried["mom"], zip(etas, values).map { $0 * $1 }.reduce(0, +))
    step.carried["mom"] = now
    step.log["correlation"] = now
    step.isEnough = now <= tau
    return zip(etas, correlations).map { $0 * $1 }.reduce(Tensor.scalar(0), +)
  }

  /// Concepts that train for themselves; one at or below its tau adds nothing.
  func alone(
    _ correlations: [Tensor], _ concepts: [ConceptInTraining], _ names: [String],
    _ step: inout Step
  ) -> Tensor {
    var loss = Tensor.zeros([], on: correlations[0].device)
    step.isEnough = true
    for (i, correlation) in correlations.enumerated() {
      let tau = tau(concepts[i].start)
      let before = step.carried["mom \(i)"]
      if (before ?? .infinity) > tau { loss = loss + correlation }
      let now = momentum(before, correlation.item)
      step.carried["mom \(i)"] = now
      step.log["correlation \(names[i])"] = now
      step.isEnough = step.isEnough && now <= tau
    }
    return loss
  }

  /// eta_i
  static func etas(_ correlations: [Double]) -> [Double] {
    let largest = correlations.map(abs).max() ?? 1
    return correlations.map { largest / max(abs($0), 1e-12) }
  }

  /// L_mom
  func momentum(_ before: Double?, _ now: Double) -> Double {
    alpha * (before ?? now) + (1 - alpha) * now
  }

  /// L_mom at which the training stops.
  /// - Parameter start: the loss before the first step
  func tau(_ start: Double) -> Double { tau + tauShare * start }
}
