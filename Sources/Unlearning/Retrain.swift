// Retraining without the data, the standard that unlearning is compared with: new weights, and the training loss on the
// pictures to keep. Take the recipe that the model itself was trained with.
//
//   theta_0 random,   L = L_r,   a share of the captions left out as in the model's own training
public import Diffusion
public import Editing
internal import Torch
internal import TorchNN
public import Training

/// Retraining from new weights without the pictures to forget.
public struct Retrain: ObjectiveMethod, DataMethod {
  public static let name = "retrain"
  public static let card = MethodCard(
    title: "Retraining without the data", paper: "gold standard", year: 2020,
    trains: "the U-Net, anew", isReference: true)

  /// The course of the training from new weights. Take that of the model's own training.
  public var training = Training(steps: 5000, batch: 64, rate: 2e-4, averaging: 0.999)
  /// The weights that begin anew; `full` for the comparison.
  public var parameters = "full"
  public var data = DataOptions()
  public var picturesInPass = 0
  public var guarding = GuardOptions(limit: 0)
  public init() {}

  public func student(
    of model: DiffusionModel, owning selection: ParameterSelection, _ run: Run
  ) throws -> DiffusionModel {
    let fresh = try model.initial(seed: run.seed &+ 9)
    return try model.replacing(fresh.parameters.tensors.filter { selection.matches($0.key) })
  }

  public func objective(
    _ erasure: Erasure, original: DiffusionModel, _ run: Run
  ) throws -> any Objective {
    Denoising.teaching(
      try data.retainSet(erasure, original, run), original, batch: training.batch,
      emptyShare: data.share(for: original))
  }
}
