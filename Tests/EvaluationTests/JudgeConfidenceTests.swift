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

  /// Pictures of one prompt are alike: the interval of six pictures of three prompts is Student's t over the prompts.
  @Test func intervalsAreOverPrompts() throws {
    let p = [0.9, 0.8, 0.1, 0.2, 0.5, 0.6]
    let asked = p.map { _ in ["object": "fox"] }
    let set = JudgedSet(
      asked: asked, seen: asked, features: Tensor.zeros([6, 2]),
      beliefs: p.map { ["object": ["fox": $0, "owl": 1 - $0]] },
      prompts: ["a", "a", "b", "b", "c", "c"])
    let fox = Forgotten(kind: "object", names: ["fox"])
    let found = try #require(ForgottenProbability().measure(set, forgotten: fox, reference: nil))
    // The prompts' means are .85, .15 and .55; t of two degrees of freedom is 4.3027.
    let means = [0.85, 0.15, 0.55]
    let mean = means.reduce(0, +) / 3
    let error = (means.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / 2 / 3).squareRoot()
    #expect(found.n == 6 && found.prompts == 3 && abs(found.value - mean) < 1e-12)
    let interval = try #require(found.interval)
    #expect(interval.kind == .t95)
    #expect(abs(interval.lower - max(0, mean - 4.3027 * error)) < 1e-3)
    #expect(abs(interval.upper - min(1, mean + 4.3027 * error)) < 1e-3)
  }
}
