public import Diffusion
internal import Torch

/// Options of methods and attacks that train on pictures which the original draws. Each has them as its own.
public protocol PictureOptions {
  /// Pictures of a set, from 1. More show more of the concept's shapes, and take longer.
  var pictures: Int { get set }
  /// Denoising steps of a picture, from 1. Fewer are faster and blurred.
  var pictureSteps: Int { get set }
  /// Guidance of pictures, from 1. Take the one that suits the model's own pictures.
  var guidance: Double { get set }
}

extension PictureOptions {
  /// The pictures that a model draws of some prompts.
  public func pictures(
    by model: DiffusionModel, _ prompts: [String], seed: UInt64,
    progress: (Int, Int) -> Void = { _, _ in }
  ) throws -> LatentSet {
    try LatentSet(
      drawnBy: model, prompts, steps: pictureSteps, guidance: guidance, seed: seed,
      progress: progress)
  }
}
