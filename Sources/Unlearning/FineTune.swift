// Fine-tuning on the rest (FT), a baseline: the model trains on pictures to keep alone, and may forget the others.
//
//   L = L_r
public import Diffusion
public import Editing
internal import Torch
public import Training

/// Fine-tuning on the pictures to keep, a baseline.
public struct FineTune: ObjectiveMethod, DataMethod {
  public static let name = "finetune"
  public static let card = MethodCard(
    title: "Fine-tuning on the rest", paper: "baseline", year: 2020, trains: "the U-Net")

  public var training = Training(steps: 200, batch: 16, rate: 1e-5)
  /// The weights that are trained. Fewer forget less.
  public var parameters = "full"
  public var data = DataOptions()
  public var picturesInPass = 0
  public var guarding = GuardOptions()
  public init() {}

  public func objective(
    _ erasure: Erasure, original: DiffusionModel, _ run: Run
  ) throws -> any Objective {
    Denoising(
      try data.retainSet(erasure, original, run), original, batch: training.batch,
      emptyShare: data.share(for: original))
  }
}
