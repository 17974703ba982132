// Random label (Golatkar et al., CVPR 2020; for diffusion models, SalUn, Fan et al., ICLR 2024, eq. 8 without its
// mask):
//
//   L = E_Df | eps_theta(x_t | c') - eps_theta(x_t | c) |^2 + alpha L_r
//
// c': another subject of the concept's kind at random (the authors': the next class); no gradient through it. Steps,
// rate and alpha are SalUn's here.
public import Diffusion
public import Editing
internal import Torch
public import Training

/// Random label (Golatkar et al., CVPR 2020): wrong captions for the pictures to forget.
public struct RandomLabel: ObjectiveMethod, DataMethod {
  public static let name = "randomlabel"
  public static let card = MethodCard(
    title: "Random label", paper: "arXiv 1911.04933", year: 2020, trains: "the U-Net")

  public var training = Training(steps: 300, batch: 8, rate: 1e-5)
  /// The weights that are trained: `full`, or `xattn` for least harm.
  public var parameters = "full"
  /// alpha, the weight of keeping, from 0. Raise it where other prompts change.
  public var alpha = 0.5
  public var data = DataOptions()
  public var picturesInPass = 0
  public var guarding = GuardOptions()
  public init() {}

  public func objective(
    _ erasure: Erasure, original: DiffusionModel, _ run: Run
  ) throws -> any Objective {
    let sets = try data.sets(erasure, original, run)
    return try sets.forgetting(.relabel, training.batch, run) + alpha
      * sets.retaining(training.batch)
  }
}
