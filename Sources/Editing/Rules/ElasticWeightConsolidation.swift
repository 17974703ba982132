// Elastic weight consolidation around another rule (Kirkpatrick et al., PNAS 2017, eq. 3; Selective Amnesia, Heng
// & Soh, NeurIPS 2023, eq. 6):
//
//   L + lambda sum_i F_i (theta_i - theta*_i)^2,     gradient   g + 2 lambda F (theta - theta*)
//
// F: diagonal of the Fisher information, theta*: the weights before. The paper writes F / 2, its code F, as here.
// The rule works on one tensor at a time, so that a step holds no second list of the parameters' size.
public import Diffusion
public import Torch
public import Training

/// Elastic weight consolidation around another rule (Kirkpatrick et al., PNAS 2017, eq. 3).
public struct ElasticWeightConsolidation: GradientRule {
  var base: any GradientRule
  let fisher: [Tensor]
  let anchor: [Tensor]
  let lambda: Double

  public var furtherLists: Int { base.furtherLists }

  /// - Parameters:
  ///   - fisher, anchor: F and theta*, in the order and shapes of the parameters
  public init(_ base: any GradientRule, fisher: [Tensor], anchor: [Tensor], lambda: Double) {
    (self.base, self.fisher, self.anchor, self.lambda) = (base, fisher, anchor, lambda)
  }

  public mutating func gradient(
    _ model: DiffusionModel, over parameters: [Tensor], _ step: inout Step
  ) throws -> (loss: Double, gradients: [Tensor]) {
    let found = try base.gradient(model, over: parameters, &step)
    return withoutGradients {
      var parts: [Tensor] = []  // F_i (theta_i - theta*_i)^2 of each tensor, read at once
      for (i, parameter) in parameters.enumerated() {
        let away = parameter.detached() - anchor[i]
        let pull = fisher[i] * away
        parts.append((pull.inFloat64() * away.inFloat64()).sum())
        Foreach.add([found.gradients[i]], [pull], times: 2 * lambda)
      }
      let penalty =
        parts.isEmpty ? 0 : Tensor.stack(parts).doubles.reduce(0) { $0 + lambda * $1 }
      step.log["penalty"] = penalty
      return (found.loss + penalty, found.gradients)
    }
  }
}
