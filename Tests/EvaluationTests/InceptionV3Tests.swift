import Diffusion
import TestSupport
import Testing
import Torch
import TorchNN

@testable import Evaluation

@Suite struct InceptionV3Tests {
  /// Weights of a network with the shapes of `initial`. The classifier is part of the count, as in the reference.
  func inception() throws -> InceptionV3 {
    let initial = try InceptionV3(.initial(Generator(seed: 0)))
    var shapes = Dictionary(
      uniqueKeysWithValues: initial.parameters.tensors.map { ($0.name, $1.shape) })
    (shapes["fc.weight"], shapes["fc.bias"]) = ([1008, 2048], [1008])
    let weights = Seeded.weights(shapes) { name, w in
      if name.hasSuffix("running_mean") { return 0.1 * w }
      if name.hasSuffix("running_var") { return 1 + 0.5 * w.squared() }
      if w.rank > 1 { return Seeded.scaled(w) }
      return name.hasSuffix("weight") ? 1 + 0.1 * w : 0.1 * w
    }
    return try InceptionV3(
      .tensors(Dictionary(uniqueKeysWithValues: weights.map { (ParameterPath($0), $1) })))
  }

  @Test func inceptionFeatures() throws {
    let (network, picture) = (try inception(), Seeded.smooth(64, 64))
    let blocks = withoutGradients { network.blocks(InceptionInput.pytorchFID(picture)) }
    let means = try Measures.golden("inception.means").doubles
    for (block, mean) in zip(blocks, means) {
      #expect(abs(block.to(.float64).mean().item - mean) < 1e-5)
    }
    let features = blocks[3].mean(2, 3).flattened()
    #expect(features.distance(to: try Measures.golden("inception.pytorch-fid")) < 1e-4)
    let clean = network.features(picture, .cleanFID).flattened()
    #expect(clean.distance(to: try Measures.golden("inception.clean-fid")) < 1e-4)
    #expect(clean.distance(to: features) > 1e-5)
  }
}
