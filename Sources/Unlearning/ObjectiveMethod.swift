public import Diffusion
public import Editing
public import Torch
public import Training

/// A method that descends on an objective.
public protocol ObjectiveMethod: TrainedMethod {
  /// The loss to minimise.
  /// - Throws: ``LetheError`` of the kind `request` for a request that the method refuses
  func objective(_ erasure: Erasure, original: DiffusionModel, _ run: Run) throws -> any Objective
}

extension ObjectiveMethod {
  public func rule(
    _ erasure: Erasure, original: DiffusionModel, student: DiffusionModel, _ tensors: [Tensor],
    _ run: Run
  ) throws -> any GradientRule {
    Descent(try objective(erasure, original: original, run))
  }
}
