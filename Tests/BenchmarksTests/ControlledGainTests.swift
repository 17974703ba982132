import Evaluation
import Testing

@testable import Benchmarks
@testable import Workflows

@Suite struct ControlledGainTests {
  /// Pictures of a prompt are paired with those of the same prompt, concept and fine-tuning after the control. Twelve
  /// prompts are resampled whole; prompts of a development concept are in no row on all.
  @Test func differencesOfTheSamePrompts() throws {
    func found(
      _ inside: String, _ concept: String, _ prompt: String, seed: Int = 0, _ hits: Int,
      of n: Int = 2
    ) -> ControlledGain.Relearned {
      .init(
        label: RowLabel("uce", inside: inside), concept: concept,
        hits: .init(
          set: .concept, step: 50, seed: seed,
          text: .init(text: prompt, concept: concept, hits: hits, n: n)))
    }
    var all: [ControlledGain.Relearned] = []
    for (concept, count) in [("fox", 6), ("key", 6), ("owl", 2)] {
      for prompt in 0..<count {
        for seed in 0..<2 {
          all.append(found("meta", concept, "p\(prompt)", seed: seed, prompt == 0 ? 2 : 0))
          all.append(found("keep", concept, "p\(prompt)", seed: seed, prompt < 3 ? 2 : 1))
        }
      }
    }
    // A prompt that only one of them has is left out.
    all.append(found("meta", "fox", "alone", 2))
    all.append(found("keep", "fox", "lonely", 2))
    let found = ControlledGain(all, counting: ["fox", "key"])
      .rows(of: "meta", around: ["uce", "esd"], against: ["keep", "ascent"])
    // 14 prompts in two fine-tunings each, and the two that one side alone has, which are counted.
    let rows = Array(found.dropLast())
    let left = try #require(found.last)
    #expect(left.metric == "without-partner" && left.value == 2 && left.n == 30)
    #expect(left.label == "uce inside meta" && left.axes.against == "keep")
    #expect(left.axes.trainedOn == .concept && left.axes.step == nil && left.subject == "all")
    #expect(rows.map(\.subject) == ["fox", "key", "owl", "all"])
    #expect(rows.allSatisfy { $0.label == "uce inside meta" && $0.axes.against == "keep" })
    #expect(rows.allSatisfy { $0.seeds == 2 && $0.axes.step == 50 && $0.axes.seed == nil })
    // By prompt: 0, -1, -1, -1/2, -1/2, -1/2.
    let fox = rows[0].measured
    #expect(abs(fox.value + 3.5 / 6) < 1e-12 && fox.n == 24 && fox.prompts == 6)
    #expect(fox.interval?.kind == .t95)
    let both = rows[3].measured
    #expect(abs(both.value + 3.5 / 6) < 1e-12 && both.n == 48 && both.prompts == 12)
    let interval = try #require(both.interval)
    #expect(interval.kind == .clusters95 && interval.lower < both.value)
    // No change in twelve trials reaches 24 points: the spread of the prompts is not all there is.
    #expect(interval.upper - both.value >= Interval.wilson(0, of: 12)?.upper ?? 1)
    #expect(abs(rows[2].value + 0.5) < 1e-12)
  }
}
