// Fine-tuning on the rest (FT): the model trains on pictures to keep alone and may forget what it no longer
// sees.    L = L_r
public import Diffusion
public import Editing
internal import Torch
public import Training

public struct FineTune: ObjectiveMethod {
  public static let name = "finetune"
  public static let card = MethodCard(
    title: "Fine-tuning on the rest", paper: "baseline", year: 2020, trains: "the U-Net")

  public var training: Training = {
    var t = Training()
    (t.steps, t.batch, t.learningRate) = (200, 16, 1e-5)
    return t
  }()
  public var parameters = "full"
  public var data = DataOptions()
  public var guarding = Guarding()
  public init() {}

  public func objective(
    _ erasure: Erasure, original: DiffusionModel, _ run: Run
  ) throws -> any Objective {
    Denoising(
      try data.retainSet(erasure, original, run), original, batch: training.batch,
      emptyShare: data.share(for: original))
  }
}
