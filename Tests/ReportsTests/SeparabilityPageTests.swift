import Diffusion
import Evaluation
import Testing
import Torch
import Training

@testable import Reports

@Suite struct SeparabilityPageTests {
  @Test func separabilityByConceptAndState() throws {
    var results = Results(.benchSeparability)
    func add(
      _ method: String, _ moment: SceneMoment, _ concept: String, _ state: ConceptState,
      _ right: Int
    ) {
      let measured = [
        MeasuredValue.share("accuracy", right, of: 10),
        MeasuredValue("frechet-to-original", 1.5, n: 10), MeasuredValue("perceptual", 0.25, n: 10),
        MeasuredValue("largest-difference", Double(10 - right), .levels, n: 10),
      ]
      results.rows += measured.map { m in
        ResultRow(method, concept, m, seeds: 1) {
          ($0.kind, $0.moment, $0.state) = ("object", moment, state)
        }
      }
    }
    add("original", .original, "fox", .untouched, 10)
    add("original", .original, "cat", .untouched, 10)
    add("sepme", .scene("S1", moment: "t0"), "fox", .forgotten, 0)
    add("sepme", .scene("S1", moment: "t0"), "cat", .restored, 9)
    add("sepme", .alone, "fox", .forgotten, 0)
    let text = try ResultsPage.content(of: results, in: .nowhere).markdown
    #expect(text.contains("| S1 t0 | ✗ 1.5 / 0 / 0.250 | ✓ 1.5 / 90 / 0.250 ±1 |"))
    #expect(text.contains("| S1 t0 | 1.5 / 0.0 / 0.250 | 1.5 / 90.0 / 0.250 |  | 1 |"))
    #expect(text.contains("| alone | 1.5 / 0.0 / 0.250 |"))
    #expect(
      text.contains(
        "The judge sees concepts in their pictures - sepme: 0 % erased, 90 % given back."))
  }
}
