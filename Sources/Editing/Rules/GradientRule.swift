public import Diffusion
public import Torch
public import Training

/// Turns objectives into the direction of one step over the parameters being trained.
public protocol GradientRule {
  /// The loss at the current weights and the direction against which the optimizer steps, in the order and shapes of
  /// `parameters`.
  mutating func gradient(
    _ model: DiffusionModel, over parameters: [Tensor], _ step: inout Step
  ) throws -> (loss: Double, gradients: [Tensor])
  /// Lists of tensors of the shapes of `parameters` that a step holds beside those of a plain step, for the refusal of a
  /// training that does not fit into memory.
  var furtherLists: Int { get }
  /// Called after every step of the optimizer, whose weight decay moves parameters without a gradient too.
  func settle(_ parameters: [Tensor])
}

extension GradientRule {
  public var furtherLists: Int { 0 }
  public func settle(_ parameters: [Tensor]) {}
}

/// Plain gradient descent on one objective.
public struct Descent: GradientRule {
  let objective: any Objective
  let picturesInPass: Int

  /// The gradient of the last pass, beside the sum of the former ones.
  public var furtherLists: Int { picturesInPass > 0 ? 1 : 0 }

  /// - Parameter picturesInPass: pictures that go through the network at once; 0 takes a batch whole
  public init(_ objective: any Objective, picturesInPass: Int = 0) {
    (self.objective, self.picturesInPass) = (objective, picturesInPass)
  }

  public mutating func gradient(
    _ model: DiffusionModel, over parameters: [Tensor], _ step: inout Step
  ) throws -> (loss: Double, gradients: [Tensor]) {
    try descend(objective, model, parameters, &step, by: picturesInPass)
  }
}
