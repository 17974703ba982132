import Editing
import Evaluation
import Foundation
import Testing
import Torch
import Training

@Suite struct JudgeConfidenceTests {
  /// The metrics equal hand-computed probabilities and entropies of a sure, an undecided and a wrong judge.
  @Test func confidence() throws {
    let asked = ["fox", "fox", "owl"].map { ["object": $0] }
    let beliefs = [["fox": 1.0, "owl": 0], ["fox": 0.5, "owl": 0.5], ["fox": 0.25, "owl": 0.75]]
    let set = JudgedSet(
      asked: asked, seen: asked, features: Tensor.zeros([3, 2]),
      beliefs: beliefs.map { ["object": $0] })
    let fox = Forgotten(kind: "object", names: ["fox"])
    func value(_ metric: any Metric) throws -> Double {
      try #require(metric.measure(set, forgotten: fox, reference: nil)).value
    }
    #expect(try value(ForgottenProbability()) == 0.75)
    #expect(abs(try value(ForgottenEntropy()) - log(2.0) / 2) < 1e-12)
    #expect(try value(RetainedProbability()) == 0.75)
    let h = -(0.25 * log(0.25) + 0.75 * log(0.75))
    #expect(abs(try value(RetainedEntropy()) - h) < 1e-12)
    // Without probabilities, the metrics have no value.
    let bare = JudgedSet(asked: asked, seen: asked, features: Tensor.zeros([3, 2]))
    #expect(ForgottenEntropy().measure(bare, forgotten: fox, reference: nil) == nil)
  }
}
