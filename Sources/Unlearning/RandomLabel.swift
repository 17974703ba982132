// Random label (Golatkar et al., CVPR 2020; for diffusion models, SalUn, Fan et al., ICLR 2024, eq. 8 without its
// mask):
//
//   L = E_Df | eps_theta(x_t | c') - eps_theta(x_t | c) |^2 + alpha L_r
//
// c': another subject of the concept's kind at random; no gradient through it.
public import Diffusion
public import Editing
internal import Torch
public import Training

public struct RandomLabel: ObjectiveMethod {
  public static let name = "randomlabel"
  public static let card = MethodCard(
    title: "Random label", paper: "arXiv 1911.04933", year: 2020, trains: "the U-Net")

  public var training: Training = {
    var t = Training()
    (t.steps, t.batch, t.learningRate) = (300, 8, 1e-5)
    return t
  }()
  public var parameters = "full"
  public var alpha = 0.5
  public var data = DataOptions()
  public var guarding = Guarding()
  public init() {}

  public func objective(
    _ erasure: Erasure, original: DiffusionModel, _ run: Run
  ) throws -> any Objective {
    let sets = try data.sets(erasure, original, run)
    return try sets.forgetting(.relabel, training.batch, run) + alpha
      * sets.retaining(training.batch)
  }
}
