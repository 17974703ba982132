package import Torch
package import Training

/// The recipe of a CLIP: its data, its towers and its training.
package struct CLIPRecipe: Codable, Sendable {
  /// The kind of network that the recipe trains: `clip`.
  package var kind = "clip"
  /// Name of the network, for readers of the recipe.
  package var name = "clip"
  /// The seed of the weights and of all draws.
  package var seed: UInt64 = 1
  /// Drawings of objects in styles. An empty list takes all objects of the folder.
  package var data = ModelRecipe.DataSource()
  /// The texts of a drawing. The share of empty captions must be 0.
  package var captions = Captions()
  /// The size of the vocabulary, which is learned from the captions, and the length of a text.
  package var tokenizer = ModelRecipe.Tokenizer()
  /// The configuration of transformers' `CLIPTextModel`.
  package var text = JSON.object([:])
  /// The configuration of transformers' `CLIPVisionModel`.
  package var vision = JSON.object([:])
  /// Width of the space that texts and pictures share, from 1. Raise it with the number of objects.
  package var projection = 128
  /// The course of the training. `batch` is at most the number of drawings.
  package var training = Training()
  /// Random changes of the drawings in each step.
  package var augmentation = Augmentation()
  /// Objects that each batch has a share of, e.g. those that a model draws. None leaves all drawings equally likely.
  package var named: [String] = []
  /// The share, 0 to 1, of drawings of ``named`` in each batch.
  package var namedShare = 0.5
  /// Captions of other drawings that each batch has beside its own, from 0. More make a step harder.
  package var moreCaptions = 0
  /// Temperature that the similarities are divided by at the start, above 0.
  package var temperature = 0.07
  /// The objects that the twin never sees: every n-th. 0 withholds none, and trains no twin.
  package var unseenObjectsEvery = 10
  /// The other objects of which the twin lacks one drawing: every n-th. 0 withholds none.
  package var unseenDrawingsEvery = 4
  /// Styles that show one drawing, e.g. in colour and in line alone. The twin lacks both or neither.
  package var sameDrawing = [["openmoji", "line"]]
  package init() {}
}
