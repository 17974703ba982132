// Gradient ascent (NegGrad; Golatkar, Achille, Soatto, CVPR 2020), with the rest kept by its training loss:
//
//   L = alpha L_r - L_f,    both the training loss: on pictures to keep, on pictures to forget
//
// alpha 0 is plain ascent. L_f has no upper bound: the guard stops a training that goes too far. SalUn's released code
// has alpha 0.1 on Stable Diffusion; EraseDiff's negates the loss of the pictures to keep instead.
public import Diffusion
public import Editing
internal import Torch
public import Training

/// Gradient ascent on the pictures to forget, with the training loss on those to keep.
public struct GradientAscent: ObjectiveMethod, DataMethod {
  public static let name = "ascent"
  public static let card = MethodCard(
    title: "Gradient ascent", paper: "arXiv 1911.04933", year: 2020, trains: "the U-Net")

  public var training = Training(steps: 100, batch: 16, rate: 1e-5)
  /// The weights that are trained: `full`, or `xattn` for least harm.
  public var parameters = "full"
  /// alpha, the weight of keeping, from 0. Raise it where other prompts change before the concept is gone.
  public var alpha = 1.0
  public var data = DataOptions()
  public var picturesInPass = 0
  public var guarding = GuardOptions()
  public init() {}

  /// Plain ascent needs no pictures to keep.
  public var preserves: Preserved { alpha > 0 ? .asked : .nothing("alpha=0") }

  public func objective(
    _ erasure: Erasure, original: DiffusionModel, _ run: Run
  ) throws -> any Objective {
    guard alpha > 0 else {
      // Plain ascent needs no pictures to keep.
      return -1
        * Denoising(
          try data.forgetSet(erasure, original, run), original, batch: training.batch)
    }
    let sets = try data.sets(erasure, original, run)
    return -1 * sets.remembering(training.batch) + alpha * sets.retaining(training.batch)
  }
}
