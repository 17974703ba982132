import Diffusion
import Editing
import Evaluation
import TestSupport
import Testing
import Torch
import TorchNN

@Suite struct JudgeNetworkTests {
  @Test func judgesComeBack() throws {
    var card = JudgeNetwork.Card(heads: [
      "object": ["fox", "owl"], "style": ["noto", "line", "x"],
    ])
    card.widths = [4, 8, 8]
    let judge = try JudgeNetwork(card, .initial(Generator(seed: 1)))
    try Fixtures.temporaryFolder { folder in
      try judge.save(to: folder)
      let again = try JudgeNetwork.load(folder)
      let x = Tensor.randn([2, 3, 16, 16], Generator(seed: 2))
      #expect(judge.features(x).distance(to: again.features(x)) < 1e-2)
    }
  }
}
