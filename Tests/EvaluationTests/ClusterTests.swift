import Testing
import Torch

@testable import Evaluation

@Suite struct ClusterTests {
  /// Prompts by number, `size` pictures of each.
  static func keys(_ prompts: Int, _ size: Int = 1) -> [String] {
    (0..<prompts).flatMap { Array(repeating: "\($0)", count: size) }
  }

  @Test func shares() {
    // One picture a prompt has Wilson's interval: 1 of 20.
    let one = Clusters((0..<20).map { $0 == 0 ? 1.0 : 0 }, by: Self.keys(20)).share("shown")
    #expect(one.interval == .wilson(1, of: 20))
    // No success among 20 prompts of 4 pictures: as many trials as prompts, not as pictures.
    let none = Clusters(Array(repeating: 0.0, count: 80), by: Self.keys(20, 4)).share("shown")
    #expect(none.n == 80)
    #expect(none.interval == .wilson(0, of: 20))
    let all = Clusters(Array(repeating: 1.0, count: 40), by: Self.keys(20, 2)).share("shown")
    #expect(all.interval == .wilson(20, of: 20))
    // Pictures of a prompt agree with each other here, so whole prompts reach farther than pictures.
    let alike = (0..<20).flatMap { Array(repeating: $0 < 10 ? 1.0 : 0, count: 8) }
    let whole = Clusters(alike, by: Self.keys(20, 8)).share("shown")
    #expect(whole.interval?.kind == .clusters95 && whole.value == 0.5)
    let width = (whole.interval?.upper ?? 0) - (whole.interval?.lower ?? 0)
    let naive = Interval.wilson(80, of: 160)
    #expect(width > 2 * ((naive?.upper ?? 1) - (naive?.lower ?? 0)))
    // A few prompts of several pictures say too little.
    #expect(Clusters([1, 0, 1, 1], by: ["a", "a", "b", "b"]).share("shown").interval == nil)
  }

  @Test func pairedDifferences() {
    let changes = (0..<40).map { $0 < 10 ? -1.0 : 0 }
    let change = Clusters(changes, by: Self.keys(40)).difference("change")
    #expect(change.value == -0.25)
    #expect(abs((change.interval?.lower ?? 0) + 0.385) < 0.03)
    #expect(abs((change.interval?.upper ?? 0) + 0.125) < 0.03)
    // No change in 40 pairs: as far as no change in 40 trials reaches.
    let same = Clusters(Array(repeating: 0.0, count: 40), by: Self.keys(40)).difference("change")
    let reach = Interval.wilson(0, of: 40)?.upper ?? 1
    #expect(same.interval?.lower == -reach && same.interval?.upper == reach)
  }
}
