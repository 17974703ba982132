import Testing
import Torch

@testable import Evaluation

struct RetainedMetricTests {
  let fox = Forgotten(kind: "object", names: ["fox"])

  func judged(_ asked: [[String: String]], _ seen: [[String: String]]) -> JudgedSet {
    JudgedSet(asked: asked, seen: seen, features: Tensor.zeros([asked.count, 2]))
  }

  func pair(_ object: String, _ style: String) -> [String: String] {
    ["object": object, "style": style]
  }

  /// A pair counts where object and style are seen. Pictures of the forgotten object and of no style are left out.
  @Test func composition() throws {
    let asked = [
      pair("owl", "noto"), pair("owl", "line"), pair("cat", "noto"), pair("fox", "line"),
      ["object": "cat"],
    ]
    let seen = [
      pair("owl", "noto"), pair("owl", "noto"), pair("owl", "noto"), pair("fox", "line"),
      pair("cat", "line"),
    ]
    let value = try #require(
      Composition().measure(judged(asked, seen), forgotten: fox, reference: nil))
    #expect(abs(value.value - 1.0 / 3) < 1e-12 && value.n == 3)
    let none = judged([["object": "cat"]], [["object": "cat"]])
    #expect(Composition().measure(none, forgotten: fox, reference: nil) == nil)
  }

  /// Foxes in pictures of foxes are no leak.
  @Test func leakage() throws {
    let asked = [
      pair("fox", "noto"), pair("owl", "noto"), pair("cat", "noto"), pair("cat", "line"),
    ]
    let seen = [
      pair("fox", "noto"), pair("fox", "noto"), pair("cat", "noto"), pair("cat", "line"),
    ]
    let value = try #require(
      Leakage().measure(judged(asked, seen), forgotten: fox, reference: nil))
    #expect(abs(value.value - 1.0 / 3) < 1e-12 && value.n == 3)
  }
}
