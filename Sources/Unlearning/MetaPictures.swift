internal import Diffusion
internal import Editing
internal import Torch
internal import Training

/// The pictures that Meta-Unlearning trains on, which the original model draws.
struct MetaPictures {
  /// Pictures of the concept, which the simulated fine-tuning learns.
  let learned: LatentSet
  /// Other pictures of the concept.
  let concept: LatentSet
  /// Pictures of the nearest subjects.
  let related: LatentSet
  /// Pictures of the farthest subjects.
  let unrelated: LatentSet

  init(
    _ method: MetaUnlearning, _ erasure: Erasure,
    _ neighbours: (related: [String], unrelated: [String]), _ original: DiffusionModel, _ run: Run
  ) throws {
    /// - Parameter draw: the number of the set, from which its seeds follow
    func set(
      _ draw: UInt64, _ stage: String, _ prompts: (Generator) throws -> [String]
    ) throws -> LatentSet {
      try method.pictures(
        by: original, prompts(Generator(seed: run.seed &+ draw)), seed: run.seed &+ 30 &+ draw
      ) { run.progress(stage, $0, $1) }
    }
    func ofConcepts(_ generator: Generator) -> [String] {
      erasure.promptsInTurn(method.pictures, generator)
    }
    func inTurn(_ prompts: [String], _ name: String, _ generator: Generator) throws -> [String] {
      guard !prompts.isEmpty else {
        throw LetheError.request(
          "\(MetaUnlearning.name) has no prompt for \(name) pictures; give --preserve, --related or --unrelated"
        )
      }
      let order = Tensor.permutation(prompts.count, generator)
      return (0..<method.pictures).map { prompts[order[$0 % order.count]] }
    }
    learned = try set(1, "pictures of the concept", ofConcepts)
    concept = try set(2, "unseen pictures of the concept", ofConcepts)
    related = try set(3, "related pictures") { try inTurn(neighbours.related, "related", $0) }
    unrelated = try set(4, "unrelated pictures") {
      try inTurn(neighbours.unrelated, "unrelated", $0)
    }
  }
}
