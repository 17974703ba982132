package import Training

/// A judge: its data, its network, and how it learns.
package struct JudgeRecipe: Codable, Sendable {
  package var kind = "judge"
  package var name = "emoji"
  package var seed: UInt64 = 1
  /// Objects drawn in styles; without styles, pictures of classes (see ``CaptionedImages``).
  package var data = ModelRecipe.DataSource()
  package var widths = [24, 48, 96, 128]
  package var training = Training()
  package var augmentation = Augmentation()
  /// Objects in styles: one picture of every n-th object is kept out of training, its style going round.
  /// Classes: every n-th picture of each. 0 keeps none.
  package var heldOutEvery = 1
  /// Weight of the styles' cross-entropy beside the objects', from 0.
  package var styleWeight = 0.5
  /// Probability that the cross-entropy spreads over the wrong answers, 0 to below 1.
  package var smoothing = 0.02
  /// Share of a batch that shows objects to be named, where there are others that only teach styles; 0 to 1.
  package var namedShare = 0.75
  /// Batches from which the kept weights' running statistics are taken, and pictures of each.
  package var settlingBatches = 60
  package var settlingBatch = 64
  package init() {}
}
