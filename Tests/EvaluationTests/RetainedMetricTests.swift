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

  /// Each third of the subjects loses a share of its own, the nearest most.
  @Test func erosionByDistance() throws {
    let names = ["wolf", "dog", "cat", "owl", "bus", "sun"]
    let vectors = Tensor([0.9, 0.8, 0.5, 0.4, 0.1, -0.2], [6, 1])
    let erosion = Erosion(distances: Erosion.distances(names, vectors, from: Tensor([1.0])))
    #expect(names.map { erosion.band(of: $0) } == [.near, .near, .middle, .middle, .far, .far])
    let asked = (names + ["fox"]).flatMap { name in
      ["noto", "line"].map { pair(name, $0) }
    }
    let original = judged(asked, asked)
    // Three of the four near pictures and one of the far ones are lost.
    let lost = Set([0, 1, 2, 8, 12, 13])
    let erased = judged(
      asked, asked.enumerated().map { lost.contains($0) ? pair("fox", "line") : $1 })
    let rows = try erosion.measure(erased, original: original, forgotten: fox)
    #expect(rows.map(\.metric) == ["erosion-near", "erosion-middle", "erosion-far"])
    #expect(rows.map(\.value) == [0.75, 0, 0.25] && rows.allSatisfy { $0.n == 4 })
    // A model that got better has a loss below 0.
    let gain = try erosion.measure(original, original: erased, forgotten: fox)
    #expect(gain.map(\.value) == [-0.75, 0, -0.25])
    let other = judged(Array(asked.reversed()), asked)
    #expect(throws: LetheError.self) {
      try erosion.measure(other, original: original, forgotten: fox)
    }
  }
}
