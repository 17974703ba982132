// Gradient ascent (NegGrad; Golatkar, Achille, Soatto, CVPR 2020), with the rest kept by its training loss:
//
//   L = alpha L_r - L_f,    both the training loss: on pictures to keep, on pictures to forget
//
// alpha 0 is plain ascent. L_f has no upper bound, so the guard stops what diverges.
public import Diffusion
public import Editing
internal import Torch
public import Training

public struct GradientAscent: ObjectiveMethod {
  public static let name = "ascent"
  public static let card = MethodCard(
    title: "Gradient ascent", paper: "arXiv 1911.04933", year: 2020, trains: "the U-Net")

  public var training: Training = {
    var t = Training()
    (t.steps, t.batch, t.learningRate) = (100, 16, 1e-5)
    return t
  }()
  public var parameters = "full"
  public var alpha = 1.0
  public var data = DataOptions()
  public var guarding = Guarding()
  public init() {}

  public func objective(
    _ erasure: Erasure, original: DiffusionModel, _ run: Run
  ) throws -> any Objective {
    let sets = try data.sets(erasure, original, run)
    return -1 * sets.remembering(training.batch) + alpha * sets.retaining(training.batch)
  }
}
