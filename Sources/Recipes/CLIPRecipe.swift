package import Torch
package import Training

/// The recipe of a CLIP: its data, its towers and its training.
package struct CLIPRecipe: Codable, Sendable {
  package var kind = "clip"
  package var name = "emoji-clip"
  /// The seed of the weights and of all draws.
  package var seed: UInt64 = 1
  /// Drawings of objects in styles. No objects stand for all objects of the folder.
  package var data = ModelRecipe.DataSource()
  /// The texts of a drawing. The share of empty captions must be 0.
  package var captions = Captions()
  package var tokenizer = ModelRecipe.Tokenizer()
  /// The configuration of transformers' `CLIPTextModel`.
  package var text = JSON.object([:])
  /// The configuration of transformers' `CLIPVisionModel`.
  package var vision = JSON.object([:])
  /// Width of the common space.
  package var projection = 128
  package var training = Training()
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
