internal import Diffusion
internal import Editing
internal import Foundation
internal import Torch
internal import Training

/// Where data-based methods take their pictures from: the folders of the request, or the model's own
/// pictures of the concept and of the preserved prompts.
public struct DataOptions: Codable, Sendable, Hashable {
  /// Pictures to forget and to keep that are drawn where no folder is given.
  public var forget = 64
  public var retain = 192
  public var steps = 25
  public var guidance = 4.0
  public init() {}

  /// - Returns: both sets, and for each picture to forget the caption that stands for it
  /// - Throws: ``EditingError`` when there is nothing to keep
  func sets(
    _ erasure: Erasure, _ model: DiffusionModel, _ run: Run
  ) throws -> (forget: LatentSet, retain: LatentSet, others: [String]) {
    let kept = try retainSet(erasure, model, run)
    let phrases = erasure.drawPhrases(
      max(1, forget / max(1, erasure.forget.count)), seed: run.seed &+ 1)
    let gone = try set(
      erasure.forgetImages, phrases.map(\.prompt), "pictures to forget", model, run,
      seed: run.seed &+ 2)
    return (gone, kept, gone.captions.map { erasure.anchor(of: $0) })
  }

  /// - Throws: ``EditingError`` when there is nothing to keep
  func retainSet(_ erasure: Erasure, _ model: DiffusionModel, _ run: Run) throws -> LatentSet {
    let prompts = erasure.preserve
    guard erasure.retainImages != nil || !prompts.isEmpty else {
      throw EditingError.invalid(
        "there is nothing to keep: give --preserve, e.g. 'others', or --retain-images FOLDER")
    }
    let order = Tensor.permutation(prompts.count, Generator(seed: run.seed &+ 3))
    return try set(
      erasure.retainImages,
      prompts.isEmpty ? [] : (0..<retain).map { prompts[order[$0 % order.count]] },
      "pictures to keep", model, run, seed: run.seed &+ 4)
  }

  private func set(
    _ folder: String?, _ prompts: [String], _ stage: String, _ model: DiffusionModel, _ run: Run,
    seed: UInt64
  ) throws -> LatentSet {
    if let folder {
      return try LatentSet(CaptionedImages(folder: URL(fileURLWithPath: folder)), model) {
        run.progress("encode \(stage)", $0, $1)
      }
    }
    return try LatentSet(drawnBy: model, prompts, steps: steps, guidance: guidance, seed: seed) {
      run.progress(stage, $0, $1)
    }
  }
}
