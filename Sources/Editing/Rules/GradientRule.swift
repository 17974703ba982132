package import Diffusion
package import Torch
package import Training

/// Turns objectives into the direction of one step over the parameters being trained.
package protocol GradientRule {
  mutating func gradient(
    _ model: DiffusionModel, over parameters: [Tensor], _ step: inout Step
  ) throws -> (loss: Double, gradients: [Tensor])
}

/// Plain gradient descent on one objective.
package struct Descent: GradientRule {
  let objective: any Objective

  package init(_ objective: any Objective) { self.objective = objective }

  package mutating func gradient(
    _ model: DiffusionModel, over parameters: [Tensor], _ step: inout Step
  ) throws -> (loss: Double, gradients: [Tensor]) {
    descend(try objective.loss(model, &step), parameters)
  }
}
