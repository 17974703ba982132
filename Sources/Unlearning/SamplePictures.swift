internal import Diffusion
internal import Editing
internal import Foundation
internal import Processes
internal import Torch
internal import Training

/// Pictures that show the progress of a training: of the first prompt of each concept, and of the first one to
/// preserve.
struct SamplePictures {
  private let prompts: [String]
  private let every: Int
  private let run: Run

  /// - Returns: nil where the run asks for none
  init?(_ erasure: Erasure, _ run: Run) {
    guard let every = run.sampleEvery, every > 0 else { return nil }
    prompts = erasure.forget.compactMap(\.prompts.first) + erasure.preserve.prefix(1)
    (self.every, self.run) = (every, run)
  }

  /// Draws `training-samples/STEP.png`, one picture beside another, after every few steps. The training's random draws
  /// and its counted cost do not depend on it.
  func draw(_ student: DiffusionModel, after step: Int) throws {
    guard step % every == 0, !prompts.isEmpty, run.ranks.isFirst else { return }
    let copy = try student.clone { _ in false }
    var options = SamplingOptions()
    options.guidance = 4
    let images = try Ranks.$dividing.withValue(nil) {
      try withoutGradients {
        try copy.finiteImages(
          given: copy.embed(prompts), seeds: prompts.indices.map { UInt64($0) }, options)
      }
    }.map { $0 ?? Image.grey(copy.imageSize, copy.imageSize) }
    try Run.makeFolder(run.file("training-samples"))
    try PNG.write(
      Image.grid(images, columns: images.count),
      to: run.file(String(format: "training-samples/%06d.png", step)))
  }
}
