public import Diffusion
public import Editing
internal import Torch
public import Training

/// Options of methods that train on trajectories: noisy pictures that the original model passes while it draws
/// a prompt. Each method has them as its own, with the defaults of its paper.
public protocol TrajectoryOptions {
  /// s_g, the guidance of the trajectories, from 1. Higher values follow the prompt more closely, so that more of
  /// the states show the concept.
  var startGuidance: Double { get set }
  /// Denoising steps of a trajectory, from 1: noise levels to train on. Fewer cost less and leave
  /// wider gaps between them.
  var trajectorySteps: Int { get set }
  /// Trajectories for each concept, from 1; each of their states is a training sample. Raise it with the captions
  /// that the model knows for the concept; each costs `trajectorySteps` guided predictions.
  var trajectories: Int { get set }
}

extension TrajectoryOptions {
  /// Noisy pictures that a model passes while it draws the prompts.
  /// - Parameters:
  ///   - keeping: states of each trajectory; nil keeps all
  ///   - spreads: whether each trajectory has timesteps of its own
  ///   - denoiser: the model that denoises; nil for the original
  public func follow(
    _ original: DiffusionModel, _ prompts: [String], keeping: Int? = nil, spreads: Bool = false,
    by denoiser: DiffusionModel? = nil, seed: UInt64, progress: (Int, Int) -> Void
  ) throws -> DenoisingStates {
    try DenoisingStates.follow(
      original, prompts, steps: trajectorySteps, guidance: startGuidance, keeping: keeping,
      spreads: spreads, by: denoiser, seed: seed, progress: progress)
  }
}

/// Options of methods that forget on trajectories with the concept, and keep prompts on trajectories with those.
public protocol PromptOptions: TrajectoryOptions {
  /// Weight of keeping the preserved prompts as they are, from 0; 0 is the papers' loss. Raise it where other
  /// prompts change, lower it where the concept stays.
  var preserveWeight: Double { get set }
  /// Trajectories with preserved prompts, from 1, a prompt each, of which a random quarter of the states is kept. Raise
  /// it with the number of preserved prompts.
  var preserveTrajectories: Int { get set }
}

extension PromptOptions where Self: TrainedMethod {
  public static var tiny: Self {
    tiny {
      ($0.trajectorySteps, $0.trajectories) = (5, 2)
      ($0.preserveWeight, $0.preserveTrajectories) = (10, 3)
    }
  }
}

extension PromptOptions where Self: UnlearningMethod {
  public var preserves: Preserved { preserveWeight == 0 ? .nothing("preserveWeight=0") : .asked }
}

extension PromptOptions {
  /// A loss, and the preserved prompts of a request beside it.
  /// - Parameter live: whether the text encoder is trained
  public func preserving(
    _ loss: any Objective, _ erasure: Erasure, of original: DiffusionModel, batch: Int, live: Bool,
    _ run: Run
  ) throws -> any Objective {
    try loss.preserving(
      erasure.preserve, of: original, weight: preserveWeight, trajectories: preserveTrajectories,
      steps: trajectorySteps, guidance: startGuidance, batch: batch, live: live, run)
  }
}
