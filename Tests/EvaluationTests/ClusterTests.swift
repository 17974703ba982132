import Testing
import Torch

@testable import Evaluation

@Suite struct ClusterTests {
  /// `size` pictures of each of some prompts.
  static func bootstrap(_ prompts: Int, _ size: Int = 1) -> ClusterBootstrap {
    ClusterBootstrap((0..<prompts).flatMap { Array(repeating: $0, count: size) })
  }

  @Test func shares() throws {
    // One picture a prompt has Wilson's interval: 1 of 20.
    let one = Self.bootstrap(20).share("shown", (0..<20).map { $0 == 0 })
    #expect(one.interval == .wilson(1, of: 20))
    // No success among 20 prompts of 4 pictures: as many trials as prompts, not as pictures.
    let none = Self.bootstrap(20, 4).share("shown", Array(repeating: false, count: 80))
    #expect(none.n == 80 && none.value == 0)
    #expect(none.interval == .wilson(0, of: 20))
    let all = Self.bootstrap(20, 2).share("shown", Array(repeating: true, count: 40))
    #expect(all.interval == .wilson(20, of: 20) && all.value == 1)
    // Pictures of a prompt agree with each other here, so whole prompts reach farther than pictures.
    let whole = Self.bootstrap(20, 8).share("shown", (0..<160).map { $0 < 80 })
    #expect(whole.interval?.kind == .clusters95 && whole.value == 0.5)
    let width = (whole.interval?.upper ?? 0) - (whole.interval?.lower ?? 0)
    let naive = Interval.wilson(80, of: 160)
    #expect(width > 2 * ((naive?.upper ?? 1) - (naive?.lower ?? 0)))
    // Of a few prompts the interval is Student's t with one degree of freedom here, cut to shares.
    let few = Self.bootstrap(2, 2).share("shown", [true, false, true, true])
    #expect(few.interval == Interval(0, 1, .t95) && few.value == 0.75)
  }

  @Test func pairedDifferences() {
    let change = Self.bootstrap(40).change("change", (0..<40).map { $0 < 10 ? -1.0 : 0 })
    #expect(change.value == -0.25)
    #expect(abs((change.interval?.lower ?? 0) + 0.385) < 0.03)
    #expect(abs((change.interval?.upper ?? 0) + 0.125) < 0.03)
    // No change in 40 pairs: as far as no change in 40 trials reaches.
    let same = Self.bootstrap(40).change("change", Array(repeating: 0, count: 40))
    let reach = Interval.wilson(0, of: 40)?.upper ?? 1
    #expect(same.interval?.lower == -reach && same.interval?.upper == reach)
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
