import Diffusion
import Evaluation
import Testing
import Torch
import Training

@testable import Reports

@Suite struct RelearningBenchmarkPageTests {
  /// Successes are pooled over concepts and divided by those of the base. A control is compared with its weaker form.
  @Test func relearningRatios() throws {
    var results = Results(.benchRelearning)
    results.baselines = ["esd-u-1 inside meta": "esd-u-1", "esd-u-3": "esd-u-1"]
    func add(
      _ concept: String, _ method: String, inside: String? = nil, _ successes: [Int], ira: Int
    ) {
      func row(_ m: MeasuredValue, _ step: Int?, seed: Int?) -> ResultRow {
        ResultRow(method, concept, m, seeds: 1) {
          ($0.trainedOn, $0.step, $0.seed, $0.inside) = (.concept, step, seed, inside)
        }
      }
      results.rows.append(
        ResultRow(method, concept, .share("ira", ira, of: 50), seeds: 1) { $0.inside = inside })
      for (step, hits) in zip([0, 50, 100], successes) {
        results.rows += [
          row(.share("success", hits, of: 10), step, seed: 1),
          row(MeasuredValue("loss-related", 0.5, n: 10), step, seed: nil),
        ]
      }
      let area = Double(successes[2]) / 10 / 4
      results.rows.append(row(MeasuredValue("area", area, n: 10), nil, seed: nil))
    }
    for (concept, plain, meta) in [("fox", 2, 1), ("key", 6, 3)] {
      add(concept, "esd-u-1", [0, 0, plain], ira: 50)
      add(concept, "esd-u-1", inside: "meta", [0, 0, meta], ira: 49)
      add(concept, "esd-u-3", [0, 0, plain], ira: 40)
    }
    let page = RelearningBenchmarkPage(results)
    #expect(page.pairs.map(\.label) == ["esd-u-1 inside meta", "esd-u-3"])
    #expect(page.pairs.map(\.base) == ["esd-u-1", "esd-u-1"])
    #expect(page.success("esd-u-1", .concept, 100)?.n == 20)
    #expect(page.success("esd-u-1", .concept, 100)?.value == 0.4)
    #expect(page.success("esd-u-1", .concept, 100, of: "fox")?.value == 0.2)
    #expect(page.ratio(page.pairs[0], 100) == 0.5 && page.ratio(page.pairs[1], 100) == 1)
    #expect(page.ratio(page.pairs[0], 50) == nil)
    #expect(abs(page.area("esd-u-1") - 0.1) < 1e-12)
    #expect(page.loss("esd-u-1", "loss-related", after: 100) == 0.5)
    let text = page.content.markdown
    #expect(text.contains("After 100 steps on the concept esd-u-1 inside meta shows it in 20 % ["))
    #expect(
      text.contains(
        "| esd-u-1 inside meta against esd-u-1 | base has none | 0.50 | 0.50 | -2.0 |"))
    #expect(text.contains("| esd-u-3 against esd-u-1 | base has none | 1.00 | 1.00 | -20.0 |"))
    #expect(text.contains("| esd-u-1 | 0, 0, 20 | 0, 0, 60 |"))
    #expect(!text.contains("Against the controls"))
    // Rows of differences have a table of their own, first that of all concepts.
    func gain(_ concept: String, _ value: Double, _ step: Int) -> ResultRow {
      ResultRow(
        "esd-u-1", concept,
        MeasuredValue(
          "beyond-control", value, .share, n: 40,
          Interval(value - 0.2, value + 0.2, .clusters95)), seeds: 2
      ) { ($0.inside, $0.against, $0.trainedOn, $0.step) = ("meta", "meta-keep", .concept, step) }
    }
    results.rows += [gain("fox", -0.3, 100), gain("key", -0.1, 100), gain("all", -0.2, 100)]
    let more = RelearningBenchmarkPage(results).content.markdown
    #expect(
      more.contains("| esd-u-1 inside meta less meta-keep | all |  |  | -20 [-40, 0] |"))
    #expect(
      more.contains("| esd-u-1 inside meta less meta-keep | fox |  |  | -30 [-50, -10] |"))
    #expect(more.contains("paired by concept and prompt"))
    #expect(more.contains("covers other trainings or other concepts."))
    #expect(!more.contains("one side alone"))
    // Prompts without a partner are counted over the controls.
    results.rows += [("meta-keep", 2.0), ("meta-ascent", 0)].map { control, count in
      ResultRow("esd-u-1", "all", MeasuredValue("without-partner", count, .count, n: 42), seeds: 2)
      {
        ($0.inside, $0.against, $0.trainedOn) = ("meta", control, .concept)
      }
    }
    let counted = RelearningBenchmarkPage(results).content.markdown
    #expect(counted.contains("that one side alone has are left out: 2 of 84."))
  }
}
