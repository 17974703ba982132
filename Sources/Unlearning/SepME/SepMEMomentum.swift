// SepME's loss of concept-irrelevant representations over several concepts, its momentum and its end:
//
//   sum_i eta_i L_cor(c_i),      eta_i = max_k |L_cor(c_k)| / |L_cor(c_i)|
//   L_mom = alpha L_mom + (1 - alpha) sum_i eta_i L_cor(c_i)                stop when L_mom <= tau
//
// A concept that trains on its own is the case of N = 1, eta = 1. L_mom begins with the loss over all states, before
// the first step, because the loss of a single state tells little.
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
    let start = Self.sum(Self.etas(starts), starts)
    let end = stop(from: start)
    let now = momentum(step.carried["mom"] ?? start, Self.sum(etas, values))
    step.carried["mom"] = now
    step.log["correlation"] = now
    step.isEnough = now <= end
    return zip(etas, correlations).reduce(Tensor.zeros([], on: correlations[0].device)) {
      $0 + $1.0 * $1.1
    }
  }

  /// Concepts that train on their own. A concept at or below its tau adds nothing.
  func alone(
    _ correlations: [Tensor], _ concepts: [ConceptInTraining], _ names: [String],
    _ step: inout Step
  ) -> Tensor {
    var loss = Tensor.zeros([], on: correlations[0].device)
    step.isEnough = true
    for (i, correlation) in correlations.enumerated() {
      let end = stop(from: concepts[i].start)
      let before = step.carried["mom \(i)"] ?? concepts[i].start
      if before > end { loss = loss + correlation }
      let now = momentum(before, correlation.item)
      step.carried["mom \(i)"] = now
      step.log["correlation \(names[i])"] = now
      step.isEnough = step.isEnough && now <= end
    }
    return loss
  }

  /// eta_i
  static func etas(_ correlations: [Double]) -> [Double] {
    let largest = correlations.map(abs).max() ?? 1
    return correlations.map { largest / max(abs($0), 1e-12) }
  }

  /// sum_i eta_i L_i
  private static func sum(_ etas: [Double], _ values: [Double]) -> Double {
    zip(etas, values).reduce(0) { $0 + $1.0 * $1.1 }
  }

  /// L_mom
  func momentum(_ before: Double, _ now: Double) -> Double {
    alpha * before + (1 - alpha) * now
  }

  /// L_mom at which the training stops.
  /// - Parameter start: the loss before the first step
  func stop(from start: Double) -> Double { tau + tauShare * start }
}
