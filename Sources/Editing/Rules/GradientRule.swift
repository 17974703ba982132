public import Diffusion
public import Torch
public import Training

/// Turns objectives into the direction of one step over the parameters being trained.
public protocol GradientRule {
  mutating func gradient(
    _ model: DiffusionModel, over parameters: [Tensor], _ step: inout Step
  ) throws -> (loss: Double, gradients: [Tensor])
}

/// Plain gradient descent on one objective.
public struct Descent: GradientRule {
  let objective: any Objective

  public init(_ objective: any Objective) { self.objective = objective }

  public mutating func gradient(
    _ model: DiffusionModel, over parameters: [Tensor], _ step: inout Step
  ) throws -> (loss: Double, gradients: [Tensor]) {
    descend(try objective.loss(model, &step), parameters)
  }
}
