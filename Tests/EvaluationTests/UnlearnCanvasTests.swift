import Diffusion
import Editing
import Testing
import Torch

@testable import Evaluation

@Suite struct UnlearnCanvasTests {
  /// UA counts the pictures of the forgotten theme, IRA and CRA all others.
  @Test func unlearnCanvasAccuracies() throws {
    let asked = [
      ("fox", "noto"), ("fox", "line"), ("owl", "noto"), ("owl", "line"), ("cat", "noto"),
    ]
    let seen = [
      ("cat", "noto"), ("fox", "line"), ("owl", "line"), ("owl", "line"), ("owl", "noto"),
    ]
    func subjects(_ pairs: [(String, String)]) -> [[String: String]] {
      pairs.map { ["object": $0.0, "style": $0.1] }
    }
    let p = JudgedSet(asked: subjects(asked), seen: subjects(seen), features: Tensor.zeros([5, 2]))
    let ua = try #require(
      UnlearningAccuracy().measure(p, forgotten: JudgedPictures.fox, reference: nil))
    #expect(ua.value == 0.5 && ua.n == 2)
    let ira = try #require(
      InDomainRetainAccuracy().measure(p, forgotten: JudgedPictures.fox, reference: nil))
    #expect(abs(ira.value - 2.0 / 3) < 1e-12 && ira.n == 3)
    let cra = try #require(
      CrossDomainRetainAccuracy().measure(p, forgotten: JudgedPictures.fox, reference: nil))
    #expect(abs(cra.value - 2.0 / 3) < 1e-12)
    let style = Forgotten(kind: "style", names: ["line"])
    #expect(
      try #require(UnlearningAccuracy().measure(p, forgotten: style, reference: nil)).value == 0)
    #expect(
      try #require(CrossDomainRetainAccuracy().measure(p, forgotten: style, reference: nil)).n == 3)
  }

  /// UA, IRA and CRA of pictures that share prompts: the interval is that of prompts.
  @Test func metricsKnowPrompts() throws {
    let asked = (0..<40).map { $0 < 20 ? ["object": "fox"] : ["object": "cat"] }
    let seen = (0..<40).map { ["object": $0 % 20 < 10 ? "fox" : "cat"] }
    var set = JudgedSet(asked: asked, seen: seen, features: Tensor.zeros([40, 1]))
    let fox = Forgotten(kind: "object", names: ["fox"])
    let alone = try #require(
      UnlearningAccuracy().measure(set, forgotten: fox, reference: nil)?.interval)
    #expect(alone == .wilson(10, of: 20))
    // Four prompts of five pictures, which agree within each.
    set.prompts = (0..<40).map { "\($0 / 5)" }
    let ua = try #require(UnlearningAccuracy().measure(set, forgotten: fox, reference: nil))
    #expect(ua.value == 0.5 && ua.n == 20)
    // SE = sqrt(1/16 / 3) = 0.289 in four prompts of 1, 1, 0, 0; t(3) = 3.182 covers every share.
    #expect(ua.interval == Interval(0, 1, .t95))
    let ira = try #require(InDomainRetainAccuracy().measure(set, forgotten: fox, reference: nil))
    #expect(ira.interval?.kind == .t95)
    #expect(set.at([3, 7]).prompts == ["0", "1"])
  }
}
