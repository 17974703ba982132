package import Training

/// The recipe of a judge: its data, its network and its training.
package struct JudgeRecipe: Codable, Sendable {
  /// The kind of network that the recipe trains: `judge`.
  package var kind = "judge"
  /// Name of the judge, for readers of the recipe.
  package var name = "judge"
  /// The seed of the weights and of all draws.
  package var seed: UInt64 = 1
  /// Drawings of objects in styles. With an empty list of styles, pictures of classes: a subfolder for each class, or
  /// another form that `erase --data` takes.
  package var data = ModelRecipe.DataSource()
  /// Channels of the stem and of each block, from 1. Wider ones judge better and slower.
  package var widths = [24, 48, 96, 128]
  /// The course of the training; `batch` counts drawings.
  package var training = Training()
  /// Random changes of the pictures in each step.
  package var augmentation = Augmentation()
  /// The pictures that are kept out of training. With styles: one picture of every n-th object, whose style goes
  /// round. With classes: every n-th picture of each class. 0 keeps none out.
  package var heldOutEvery = 1
  /// Weight of the styles' cross-entropy beside the objects', 0 or more.
  package var styleWeight = 0.5
  /// Probability that the cross-entropy spreads over the wrong answers, 0 to below 1.
  package var smoothing = 0.02
  /// Share of a batch, 0 to 1, with objects to be named. The rest teaches styles alone, where there are such
  /// drawings.
  package var namedShare = 0.75
  /// Batches from which the running statistics of the final weights are computed, from 0.
  package var settlingBatches = 60
  /// Pictures of each of these batches, from 1.
  package var settlingBatch = 64
  package init() {}
}
