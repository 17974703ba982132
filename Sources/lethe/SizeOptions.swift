import ArgumentParser
import Diffusion
import Evaluation
import Torch
import Workbench

/// Options for the size of evaluations and benchmarks.
struct SizeOptions: ParsableArguments {
  @Option(
    help:
      "Number of pictures of each prompt of the forgotten subject, at least 1; for a model's folder, of every prompt. 4 when left out, 3 with --quick."
  )
  var seeds: Int?
  @Flag(help: "Reduced run with fewer subjects and pictures. Its results are marked as quick.")
  var quick = false
  @Option(
    help:
      "Number of denoising steps, 1 to 1000. When left out, those of a suite of `lethe list prompts` that has its own, else \(SizeOptions.usualSteps)."
  )
  var steps: Int?
  @Option(help: "Guidance scale. 1 turns guidance off.")
  var guidance = SamplingOptions.trialGuidance
  @Option(
    help:
      "Sampler: 'model' for the model's own, or a name of `lethe list samplers`. ddim when left out.",
    completion: .samplers)
  var sampler: String?

  /// Denoising steps where nothing names others.
  static let usualSteps = 25

  /// - Parameter prompts: files or suites of prompts, of which a suite may have steps of its own
  func options(of prompts: String?...) throws -> EvaluationOptions {
    try accept("--seeds", seeds, .whole(1...1_000_000))
    try accept("--steps", steps, .steps)
    try accept("--guidance", guidance, .guidance)
    var options = quick ? EvaluationOptions.quickly : EvaluationOptions()
    options.seeds = seeds ?? options.seeds
    let own = prompts.compactMap { NamedPrompts.steps(of: $0) }.max()
    options.sampling.steps = steps ?? own ?? Self.usualSteps
    options.sampling.guidance = guidance
    if let sampler {
      if sampler != Samplers.model { _ = try Samplers.named(sampler) }
      options.sampling.sampler = sampler
    }
    return options
  }
}
