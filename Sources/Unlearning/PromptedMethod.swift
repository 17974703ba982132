public import Diffusion
public import Editing
internal import Torch
internal import TorchNN
public import Training

/// A method that forgets by prompts: noisy pictures that contain the concept, and a target for the prediction there.
/// Supplies the objective with the preserved prompts beside it, and can be trained against an adversary (AdvUnlearn).
public protocol PromptedMethod: ObjectiveMethod, PromptOptions {
  /// Whether the prompts are the captions in which the model knows the concept. False takes its name alone, as the
  /// papers do; choose it for models that list no captions.
  var captions: Bool { get set }

  /// The loss, on states that an adversary may ask for one by one.
  associatedtype Forgetting: Objective, PromptedStates
  /// - Parameters:
  ///   - phrases: one trajectory each
  ///   - keeping: states of each trajectory; nil keeps all
  ///   - live: whether the text encoder is trained
  ///   - denoiser: the model that denoises; nil for the original
  func forgetting(
    _ phrases: [Concept.Phrase], isReplaced: Bool, original: DiffusionModel, keeping: Int?,
    live: Bool, by denoiser: DiffusionModel?, seed: UInt64, progress: (Int, Int) -> Void
  ) throws -> Forgetting
}

extension PromptedMethod {
  /// ``trajectories`` phrases of each concept.
  func phrases(_ erasure: Erasure, seed: UInt64) -> [Concept.Phrase] {
    guard !captions else { return erasure.drawPhrases(trajectories, seed: seed) }
    return erasure.forget.flatMap { concept in
      Array(repeating: concept.bareName, count: trajectories)
    }
  }

  public func objective(
    _ erasure: Erasure, original: DiffusionModel, _ run: Run
  ) throws -> any Objective {
    let live = try ParameterSelection.named(parameters).trainsText
    let forgetting = try forgetting(
      phrases(erasure, seed: run.seed &+ 1),
      isReplaced: erasure.forget.contains(where: \.isReplaced), original: original, keeping: nil,
      live: live, by: nil, seed: run.seed &+ 2
    ) { run.progress("trajectories", $0, $1) }
    return try preserving(
      forgetting, erasure, of: original, batch: training.batch, live: live, run)
  }
}
