// The states of AdvUnlearn's two losses. They are computed once and drawn from a pool, or each step follows
// trajectories of its own.
internal import Diffusion
internal import Editing
internal import Torch
internal import Training

struct AdvUnlearnStates {
  private let options: AdvUnlearn
  /// The method whose loss is trained.
  private let method: any PromptedMethod
  private let erasure: Erasure
  private let original: DiffusionModel
  /// Whether the text encoder is trained, so that prompts are encoded at every step.
  private let live: Bool
  /// The model that denoises; nil for the original.
  private let denoiser: DiffusionModel?
  private let run: Run

  init(
    _ options: AdvUnlearn, _ method: any PromptedMethod, _ erasure: Erasure,
    _ original: DiffusionModel, live: Bool, by denoiser: DiffusionModel?, _ run: Run
  ) {
    (self.options, self.method, self.erasure) = (options, method, erasure)
    (self.original, self.live, self.denoiser, self.run) = (original, live, denoiser, run)
  }

  /// States that contain the concepts to forget.
  func forgetting() throws -> any PromptedStates {
    let phrases = method.phrases(erasure, seed: run.seed &+ 1)
    guard options.pooled else {
      let prompts = StudentPrompts(phrases.map(\.prompt), original, live: live)
      return FreshStates(prompts) { rows, seed in
        try states(rows.map { phrases[$0] }, keeping: 1, seed: seed) { _, _ in }
      }
    }
    return try states(phrases, keeping: nil, seed: run.seed &+ 2) {
      run.progress("trajectories", $0, $1)
    }
  }

  private func states(
    _ phrases: [Concept.Phrase], keeping: Int?, seed: UInt64, progress: (Int, Int) -> Void
  ) throws -> any PromptedStates {
    try method.forgetting(
      phrases, isReplaced: erasure.forget.contains(where: \.isReplaced), original: original,
      keeping: keeping, live: live, by: denoiser, seed: seed, progress: progress)
  }

  /// The loss on states of prompts to retain.
  func retaining(_ prompts: [String]) throws -> any Objective {
    guard options.pooled else {
      return ResampledObjective { step in
        try preservation(
          prompts, trajectories: options.retainBatch, keeping: 1,
          seed: step.generator.split().seed
        ) { _, _ in }
      }
    }
    return try preservation(
      prompts, trajectories: options.retainTrajectories, keeping: nil, seed: run.seed
    ) { run.progress("trajectories to preserve", $0, $1) }
  }

  private func preservation(
    _ prompts: [String], trajectories: Int, keeping: Int?, seed: UInt64,
    progress: (Int, Int) -> Void
  ) throws -> Preservation {
    try Preservation(
      of: prompts, original, trajectories: trajectories, steps: method.trajectorySteps,
      guidance: method.startGuidance, keeping: keeping, batch: options.retainBatch, live: live,
      by: denoiser, seed: seed, progress: progress)
  }
}

/// An objective that is made anew at every step.
private struct ResampledObjective: Objective {
  let make: (Step) throws -> any Objective

  init(_ make: @escaping (Step) throws -> any Objective) { self.make = make }

  func loss(_ model: DiffusionModel, _ step: inout Step) throws -> Tensor {
    try make(step).loss(model, &step)
  }
}
