public import Diffusion
public import Torch
public import Training

/// Something to minimise over a model's parameters.
public protocol Objective {
  /// A scalar; gradients reach the parameters that are being trained.
  func loss(_ model: DiffusionModel, _ step: inout Step) throws -> Tensor
}

/// a + b + ..., each with its own weight.
public struct WeightedSum: Objective {
  var terms: [(Double, any Objective)]

  public func loss(_ model: DiffusionModel, _ step: inout Step) throws -> Tensor {
    var total: Tensor?
    for (weight, term) in terms {
      let loss = weight * (try term.loss(model, &step))
      total = total.map { $0 + loss } ?? loss
    }
    return total ?? Tensor.zeros([])
  }
}

public func + (a: any Objective, b: any Objective) -> any Objective {
  let left = (a as? WeightedSum)?.terms ?? [(1, a)]
  let right = (b as? WeightedSum)?.terms ?? [(1, b)]
  return WeightedSum(terms: left + right)
}

public func * (weight: Double, objective: any Objective) -> any Objective {
  WeightedSum(
    terms: ((objective as? WeightedSum)?.terms ?? [(1, objective)]).map { (weight * $0, $1) })
}
