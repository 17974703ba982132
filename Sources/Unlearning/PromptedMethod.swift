package import Diffusion
package import Editing
internal import Torch
internal import TorchNN
package import Training

/// A method that forgets by prompts: noisy pictures that contain the concept, and what is to be predicted there.
/// Supplies the objective with what is preserved beside it, and can be trained against an adversary (AdvUnlearn).
package protocol PromptedMethod: ObjectiveMethod {
  /// Whether the prompts are the captions in which the model knows the concept, or its name alone.
  var captions: Bool { get }
  /// Walks for each concept, their steps and guidance.
  var trajectories: Int { get }
  var trajectorySteps: Int { get }
  var startGuidance: Double { get }
  /// Weight of keeping the preserved prompts as they are, and trajectories with them.
  var preserveWeight: Double { get }
  var preserveTrajectories: Int { get }

  /// - Parameters:
  ///   - phrases: one walk each
  ///   - keeping: states of each walk; nil keeps all
  ///   - live: whether the text encoder is trained
  func forgetting(
    _ phrases: [Concept.Phrase], isReplaced: Bool, original: DiffusionModel, keeping: Int?,
    live: Bool, seed: UInt64, progress: (Int, Int) -> Void
  ) throws -> NegativeGuidance
}

extension PromptedMethod {
  /// ``trajectories`` phrases of each concept.
  func phrases(_ erasure: Erasure, seed: UInt64) -> [Concept.Phrase] {
    guard !captions else { return erasure.drawPhrases(trajectories, seed: seed) }
    return erasure.forget.flatMap { concept in
      let anchor = concept.isReplaced ? concept.phrases.last?.anchor ?? "" : ""
      let phrase = Concept.Phrase(concept.name, words: concept.name, anchor: anchor)
      return Array(repeating: phrase, count: trajectories)
    }
  }

  package func objective(
    _ erasure: Erasure, original: DiffusionModel, _ run: Run
  ) throws -> any Objective {
    let live = try ParameterSelection.named(parameters).trainsText
    return try forgetting(
      phrases(erasure, seed: run.seed &+ 1),
      isReplaced: erasure.forget.contains(where: \.isReplaced), original: original, keeping: nil,
      live: live, seed: run.seed &+ 2
    ) { run.progress("trajectories", $0, $1) }.preserving(
      erasure.preserve, of: original, weight: preserveWeight, trajectories: preserveTrajectories,
      steps: trajectorySteps, guidance: startGuidance, batch: training.batch, live: live, run)
  }
}
