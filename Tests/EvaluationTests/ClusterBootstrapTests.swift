import Testing
import Torch

@testable import Evaluation

struct ClusterBootstrapTests {
  /// Three prompts of four seeds each: 1110, 0000, 1011.
  let values: [Double] = [1, 1, 1, 0, 0, 0, 0, 0, 1, 0, 1, 1]
  let clusters = ClusterBootstrap((0..<12).map { $0 / 4 })

  @Test func standardErrorCountsPrompts() throws {
    #expect(clusters.clusters.map(\.count) == [4, 4, 4])
    #expect(abs(try #require(clusters.standardError(values)) - 0.25) < 1e-12)
    // Each picture alone gives 0.1508.
    let alone = try #require(ClusterBootstrap(Array(0..<12)).standardError(values))
    #expect(abs(alone - 0.1508) < 1e-4)
  }

  /// All 27 resamples of three prompts are equally likely: 0, 0.25, 0.5, 0.75 occur 1, 6, 12, 8 times.
  @Test func orderStatistics() {
    let means = [0.75, 0, 0.75]
    let all = means.flatMap { a in means.flatMap { b in means.map { (a + b + $0) / 3 } } }.sorted()
    let middle = ClusterBootstrap.middle(all)
    #expect(middle.lower == 0 && middle.upper == 0.75)
    let hundred = ClusterBootstrap.middle((1...40).map(Double.init))
    #expect(hundred.lower == 1 && hundred.upper == 39)
  }

  /// The interval has the width that the standard error of prompts gives; for few prompts it is Student's t.
  @Test func intervalOfTheMean() throws {
    let few = try #require(clusters.mean("m", values).interval)
    // SE = 0.25 of 3 prompts, t(2) = 4.303.
    #expect(few.kind == .t95 && abs(few.lower - (0.5 - 4.303 * 0.25)) < 1e-3)
    #expect(clusters.mean("m", values, within: 0...1).interval == Interval(0, 1, .t95))
    #expect(clusters.interval { _ in 0 } == nil)
    let (prompts, seeds) = (40, 5)
    let keys = (0..<(prompts * seeds)).map { "prompt \($0 / seeds)" }
    let values = (0..<(prompts * seeds)).map { ($0 / seeds) % 2 == 0 ? 1.0 : 0 }
    let bootstrap = ClusterBootstrap(keys)
    let result = bootstrap.mean("m", values, .share)
    let interval = try #require(result.interval)
    #expect(result.value == 0.5 && result.n == 200 && interval.kind == .clusters95)
    let error = try #require(bootstrap.standardError(values))
    #expect(abs((interval.upper - interval.lower) / (2 * 1.96 * error) - 1) < 0.1)
    // A shift of the resamples is taken out.
    let shifted = try #require(
      bootstrap.interval(draws: 200, around: 0.5) { picks in
        3 + picks.reduce(0) { $0 + values[$1] } / Double(picks.count)
      })
    #expect(shifted.lower < 0.5 && 0.5 < shifted.upper)
  }

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
    #expect(whole.interval == .wilson(10, of: 20) && whole.value == 0.5 && whole.prompts == 20)
    let naive = try #require(Interval.wilson(80, of: 160))
    #expect(try #require(whole.interval).width > 2 * naive.width)
    // A prompt of many pictures weighs more than the others, which trials of one weight do not tell.
    let keys = (0..<30).map { $0 < 20 ? 0 : $0 }
    let uneven = ClusterBootstrap(keys).share("shown", keys.map { $0 == 0 })
    #expect(uneven.interval?.kind == .clusters95 && uneven.prompts == 11)
    let trials = try #require(Interval.wilson(share: 2 / 3, of: 11))
    #expect(try #require(uneven.interval).width > trials.width)
    // Of a few prompts the interval is Student's t with one degree of freedom here, cut to shares.
    let few = Self.bootstrap(2, 2).share("shown", [true, false, true, true])
    #expect(few.interval == Interval(0, 1, .t95) && few.value == 0.75)
  }

  /// From no picture to half of them, one picture more makes no interval narrower, and no bound jumps farther than one
  /// whole prompt in C moves it, whether the pictures lie in one prompt after the other or in as many as there are.
  @Test(arguments: [(5, 3), (10, 3), (16, 4), (40, 2)])
  func intervalsDoNotShrinkFromTheEnds(_ prompts: Int, _ size: Int) throws {
    let clusters = Self.bootstrap(prompts, size)
    let count = prompts * size
    for isSpread in [false, true] {
      let order = (0..<count).map { isSpread ? $0 % prompts * size + $0 / prompts : $0 }
      let steps = try (0...(count / 2)).map { hits in
        var shown = [Bool](repeating: false, count: count)
        for i in order.prefix(hits) { shown[i] = true }
        return try #require(clusters.share("shown", shown).interval)
      }
      let none = try #require(steps.first)
      for (a, b) in zip(steps, steps.dropFirst()) {
        #expect(b.width >= none.width && b.upper >= a.upper - 0.02, "\(b) after \(a)")
        #expect(abs(b.upper - a.upper) < 1.5 / Double(prompts), "\(b) after \(a)")
      }
      #expect(steps[1].width > none.width)
    }
  }

  /// One failure among 15 pictures of 5 prompts says no more than none.
  @Test func oneFailureIsNotSurerThanNone() throws {
    let clusters = Self.bootstrap(5, 3)
    let (none, one) = (
      clusters.share("shown", (0..<15).map { _ in false }).interval,
      clusters.share("shown", (0..<15).map { $0 == 7 }).interval
    )
    #expect(try #require(none) == .wilson(0, of: 5))
    #expect(one?.upper ?? 0 > none?.upper ?? 1)
    let same = try #require(clusters.change("change", Array(repeating: 0, count: 15)).interval)
    let lost = clusters.change("change", (0..<15).map { $0 == 7 ? -1 : 0 }).interval
    #expect(try #require(lost).width >= same.width - 1e-12)
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
}
