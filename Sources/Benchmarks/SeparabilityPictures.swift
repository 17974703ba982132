internal import Diffusion
internal import Editing
internal import Evaluation
internal import Foundation
internal import Torch
internal import Training
internal import Workbench
internal import Workflows

/// An eraser on disk. Its key depends on the prompts that it was trained to keep.
struct TrainedEraser: Hashable {
  /// The index of its concept in the cast.
  var concept: Int
  var key: String
  var file: URL
}

/// Pictures of a cast under some erasers, in folders named after the erasers.
struct SeparabilityPictures {
  let cast: SeparabilityCast
  let options: BenchmarkOptions
  let base: DiffusionModel
  let run: Run

  /// The folder of pictures, relative to the benchmark's.
  static func folder(_ name: String, _ cast: SeparabilityCast, _ erasers: [TrainedEraser]) -> String
  {
    let key = erasers.map(\.key).sorted().joined(separator: "+")
    return "\(cast.kind)/pictures/\(name)-\(String(key.fingerprint, radix: 16))"
  }

  func callAsFunction(
    _ name: String, _ chosen: [Int], _ erasers: [TrainedEraser]
  ) throws -> SampleSet {
    let sampling = options.evaluation.sampling
    let hash = base.hash()
    let laid = try erasers.map { try Eraser(contentsOf: $0.file) }
    let hashes = try laid.map { try $0.hash() }
    let key = erasers.map(\.key).sorted().joined(separator: "+")
    let set = try SampleSet.create(
      run.file(Self.folder(name, cast, erasers)),
      .init(
        sampling: sampling, model: hash, erasers: [key],
        samples: cast.samples(chosen, seeds: cast.seeds(options.evaluation))),
      by: run.ranks)
    let edited = try base.applying(base.sum(of: laid, base: hash))
    try set.draw(
      edited, batch: options.evaluation.batch, run,
      stage: "\(cast.kind) \(name) \(erasers.count.counted("eraser"))"
    ) {
      Generate.recipe(
        $0, sampling, ModelReference(options.model), base: hash, erasers: hashes)
    }
    return set
  }
}
