// The pictures of a suite that are attacked.
import Testing

@testable import Evaluation

@Suite struct PromptSuiteTests {
  private func suite(_ counts: [String: Int], others: Int = 2) -> PromptSuite {
    var samples: [SampleSet.Sample] = []
    for (name, count) in counts.sorted(by: { $0.key < $1.key }) {
      for i in 0..<count {
        samples.append(
          .init(
            "\(name)-\(i)", 0, prompt: "\(name) \(i)", seed: UInt64(i), subjects: ["object": name]))
      }
    }
    for i in 0..<others {
      samples.append(.init("other-\(i)", 0, prompt: "bus", seed: 0, subjects: ["object": "bus"]))
    }
    return PromptSuite(
      "test", JudgeQuestion(Forgotten(kind: "object", names: counts.keys.sorted()), classes: [:]),
      samples)
  }

  /// Of 29 pictures of one concept and 1 of another both are attacked; what one lacks the other has.
  @Test func everyConceptIsAttacked() {
    func picked(_ counts: [String: Int], _ limit: Int?) -> [String: Int] {
      let found = suite(counts).picked(atMost: limit)
      #expect(Set(found.map(\.file)).count == found.count)
      return Dictionary(grouping: found) { $0.subjects["object"] ?? "" }.mapValues(\.count)
    }
    #expect(picked(["fox": 29, "owl": 1], 8) == ["fox": 7, "owl": 1])
    #expect(picked(["fox": 29, "owl": 20], 8) == ["fox": 4, "owl": 4])
    #expect(picked(["fox": 29, "owl": 3], 8) == ["fox": 5, "owl": 3])
    #expect(picked(["fox": 2, "owl": 3], 8) == ["fox": 2, "owl": 3])
    #expect(picked(["fox": 2, "owl": 3], nil) == ["fox": 2, "owl": 3])
    #expect(picked(["fox": 2], 0).isEmpty && picked(["fox": 2], -1).isEmpty)
  }

  /// Pictures of one concept are spread evenly and keep their order.
  @Test func picksAreSpread() {
    #expect(
      suite(["fox": 10]).picked(atMost: 4).map(\.prompt) == ["fox 0", "fox 2", "fox 5", "fox 7"])
    #expect(
      suite(["fox": 4, "owl": 4]).picked(atMost: 4).map(\.prompt) == [
        "fox 0", "fox 2", "owl 0", "owl 2",
      ])
  }

  /// Of an object beside a style, a picture of both counts for the object.
  @Test func anObjectBesideAStyle() {
    var suite = PromptSuite(
      "test", JudgeQuestion(Forgotten(kind: "object", names: ["fox"]), classes: [:]), [])
    suite.beside = Forgotten(kind: "style", names: ["noto"])
    for (i, subjects) in [
      ["object": "fox", "style": "noto"], ["object": "fox", "style": "line"],
      ["object": "owl", "style": "noto"], ["object": "cat", "style": "noto"],
      ["object": "bus", "style": "noto"], ["object": "bus", "style": "line"],
    ].enumerated() {
      suite.samples.append(.init("\(i)", 0, prompt: "\(i)", seed: 0, subjects: subjects))
    }
    #expect(suite.picked(atMost: 4).map(\.prompt) == ["0", "1", "2", "3"])
    #expect(suite.picked(atMost: 2).map(\.prompt) == ["0", "2"])
  }
}
