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
    let phrases = erasure.drawPhrases(
      max(1, forget / max(1, erasure.forget.count)), seed: run.seed &+ 1)
    let gone = try set(
      erasure.forgetImages, phrases.map(\.prompt), "pictures to forget", model, run,
      seed: run.seed &+ 2)
    guard erasure.retainImages != nil || !erasure.preserve.isEmpty else {
      throw EditingError.invalid(
        "there is nothing to keep: give --preserve, e.g. 'others', or --retain-images FOLDER")
    }
    let order =
      erasure.preserve.isEmpty
      ? [] : Tensor.permutation(erasure.preserve.count, Generator(seed: run.seed &+ 3))
    let kept = try set(
      erasure.retainImages,
      (0..<retain).compactMap { order.isEmpty ? nil : erasure.preserve[order[$0 % order.count]] },
      "pictures to keep", model, run, seed: run.seed &+ 4)
    return (gone, kept, gone.captions.map { erasure.anchor(of: $0) })
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
