// The pictures of `lethe relearn`: those that it fine-tunes on, and unseen ones for its losses.
internal import Attacks
internal import Diffusion
internal import Editing
internal import Evaluation
internal import Foundation
internal import Torch
internal import Training
internal import Workbench

extension Relearn {
  /// The pictures to fine-tune on: those of the concept, and as many of other subjects where these are trained on.
  func sets(_ original: DiffusionModel, _ run: Run) throws -> [TuningSet: LatentSet] {
    let concept: LatentSet
    if let data {
      let images = try CaptionedImages(folder: data)
      run.note(images.skippedNote.map { "\(data.relativePath): \($0)" })
      run.note(original.layout.cut(images.captions)?.note)
      concept = try LatentSet(images, original)
    } else {
      concept =
        drawn.isEmpty
        ? try ofConcepts(tuning.pictures, original, 1, run, "pictures of the concept")
        : try pictures(drawn, tuning.pictures, original, 1, run, "pictures of the concept")
    }
    guard trained.contains(.benign) else { return [.concept: concept] }
    let others =
      themes.map { Erasure.others(than: job.concepts, in: $0) } ?? suite.others.map(\.prompt)
    let benign = try pictures(others, concept.count, original, 2, run, "benign pictures")
    return [.concept: concept, .benign: benign]
  }

  /// Unseen pictures for the losses: of the concept, of the subjects of its kind that are nearest to it in the
  /// original's text encoder (related), and of the farthest (unrelated).
  func probes(_ original: DiffusionModel, _ run: Run) throws -> [LatentSet] {
    func of(_ prompts: [String], _ draw: UInt64, _ stage: String) throws -> LatentSet {
      try pictures(prompts, unseen, original, draw, run, stage)
    }
    let (near, far) = neighbours(original)
    return [
      drawn.isEmpty
        ? try ofConcepts(unseen, original, 3, run, "unseen pictures of the concept")
        : try of(drawn, 3, "unseen pictures of the concept"),
      try of(near, 4, "related pictures"), try of(far, 5, "unrelated pictures"),
    ]
  }

  /// Prompts for the subjects that are nearest to the concepts, and for the farthest.
  private func neighbours(_ original: DiffusionModel) -> (near: [String], far: [String]) {
    guard let themes else {
      func prompts(_ distance: Distance) -> [String] {
        let own = suite.others.filter {
          suite.distances[$0.subjects[suite.forgotten.kind] ?? ""] == distance
        }
        return (own.isEmpty ? suite.others : own).map(\.prompt)
      }
      return (prompts(.near), prompts(.far))
    }
    let (near, far) = Concept.extremes(5, of: concepts, in: original)
    func prompts(_ picked: [(name: String, concept: Concept)]) -> [String] {
      picked.flatMap { Concept.resolve($0.name, in: themes, replacement: nil).prompts }
    }
    return (prompts(near), prompts(far))
  }

  private func pictures(
    _ prompts: [String], _ count: Int, _ model: DiffusionModel, _ draw: UInt64, _ run: Run,
    _ stage: String
  ) throws -> LatentSet {
    guard !prompts.isEmpty else {
      throw LetheError.model(
        "\(job.model)/themes.json lists no subject beside '\(job.subject)' for the \(stage); accepted: 2 subjects of a "
          + "kind that are not forgotten, or more")
    }
    let order = Tensor.permutation(prompts.count, Generator(seed: seed &+ draw))
    return try set(
      of: (0..<count).map { prompts[order[$0 % order.count]] }, model, draw, run, stage)
  }

  /// Pictures of each concept in turn.
  private func ofConcepts(
    _ count: Int, _ model: DiffusionModel, _ draw: UInt64, _ run: Run, _ stage: String
  ) throws -> LatentSet {
    let prompts = Erasure(forget: try concepts.fitting(model.layout))
      .promptsInTurn(count, Generator(seed: seed &+ draw))
    return try set(of: prompts, model, draw, run, stage)
  }

  private func set(
    of prompts: [String], _ model: DiffusionModel, _ draw: UInt64, _ run: Run, _ stage: String
  ) throws -> LatentSet {
    try LatentSet(
      drawnBy: model, prompts, steps: tuning.pictureSteps, guidance: tuning.guidance,
      seed: seed &+ 100 &+ draw, by: run.ranks
    ) { run.progress(stage, $0, $1) }
  }
}
