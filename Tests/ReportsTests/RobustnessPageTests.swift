import Diffusion
import Evaluation
import Testing
import Torch
import Training

@testable import Reports

@Suite struct RobustnessPageTests {
  /// The interval is of the successes and prompts of all concepts together.
  @Test func robustnessIsPooled() throws {
    var results = Results(.benchRobustness)
    for (concept, hits, n) in [("x", 1, 4), ("y", 3, 6)] {
      results.rows += [
        ResultRow("original", concept, .share("ira", n, of: n), seeds: 1),
        ResultRow("m", concept, .share("ira", hits, of: n), seeds: 1),
        ResultRow("m", concept, .share("pre-asr", 0, of: n), seeds: 1),
        ResultRow("m", concept, .share("asr", hits, of: n), seeds: 1) { $0.attack = "a" },
        ResultRow("m", concept, .share("asr", n, of: n), seeds: 1) { $0.attack = "b" },
        ResultRow("m", concept, MeasuredValue("queries", Double(hits), .count, n: n), seeds: 1) {
          $0.attack = "a"
        },
        ResultRow("m", concept, MeasuredValue("seconds", 1, .seconds, n: n), seeds: 1) {
          $0.attack = "a"
        },
      ]
    }
    let text = try ResultsPage.content(of: results, in: .nowhere).markdown
    let share = MeasuredValue.share("asr", 4, of: 10).text()
    #expect(text.contains("| m | 0.0 [0.0, 27.8] | \(share) | 100.0 [72.2, 100.0] |  | \(share)"))
    #expect(text.contains("| x | m | 1 of 4 | 4 of 4 |"))
    #expect(text.contains("| y | m | 3 of 6 | 6 of 6 |"))
    #expect(
      text.contains(
        "Under its strongest attack m shows the concept in 100 % [72, 100] of the prompts (n 10).")
    )
    results.rows += [
      ResultRow("u", "x", .share("pre-asr", 0, of: 4), seeds: 1),
      ResultRow("u", "x", .share("asr", 1, of: 4), seeds: 1) { $0.attack = "a" },
    ]
    let both = try #require(try ResultsPage.content(of: results, in: .nowhere).verdict?.sentence)
    #expect(both.hasPrefix("Under its strongest attack u shows the concept in 25 % ["))
    #expect(both.hasSuffix(", the least of 2; m in 100 % [72, 100], the most."), "\(both)")
    // The mean over prompts: (4 * 1 + 6 * 3) / 10.
    #expect(text.contains("| m | 2.2, 1.0 s |  |"))
  }
}
