import Diffusion
import Editing
import Evaluation
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN

@Suite struct PerceptualDistanceTests {
  /// The distance of one pair equals the formula, written out.
  @Test func perceptualDistance() throws {
    var card = JudgeNetwork.Card(heads: ["object": ["a", "b"]])
    (card.widths, card.size) = ([4, 8], 16)
    let network = try JudgeNetwork(card, .initial(Generator(seed: 1)))
    let x = Tensor.randn([2, 3, 16, 16], Generator(seed: 2))
    let y = Tensor.randn([2, 3, 16, 16], Generator(seed: 3))
    let distance = PerceptualDistance(network)
    #expect(distance(x, x) == [0, 0])
    let found = distance(x, y)
    let expected = withoutGradients {
      zip(network.maps(x), network.maps(y)).map { f, g -> Double in
        let (f, g) = (f[0, at: 1].to(.float64), g[0, at: 1].to(.float64))  // [C, h, w]
        let (a, b) = (f.squared().sum(0), g.squared().sum(0))
        let cosine = (f * g).sum(0) / ((a * b).sqrt() + 1e-20)
        // The zero vector has length 0 after the division, not 1.
        return (a / (a + 1e-20) + b / (b + 1e-20) - 2 * cosine).mean().item
      }.reduce(0, +) / 2
    }
    #expect(abs(found[1] - expected) < 1e-4 && found[1] > 0 && found[1] <= 2)
    #expect(distance(y, x)[0] == found[0])
  }
}
