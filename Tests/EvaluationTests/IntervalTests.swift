import Foundation
import Testing

@testable import Evaluation

struct IntervalTests {
  /// Expected values: statsmodels, proportion_confint(8, 10, method="wilson").
  @Test func wilson() throws {
    let i = try #require(Interval.wilson(8, of: 10))
    #expect(abs(i.lower - 0.4901625) < 1e-6 && abs(i.upper - 0.9433178) < 1e-6)
    #expect(i.kind == .wilson95)
    #expect(Interval.wilson(0, of: 10)?.lower == 0)
    #expect(Interval.wilson(0, of: 0) == nil)
  }

  /// Expected values: scipy.stats.t.interval(0.95, 2, loc=2, scale=sem([1, 2, 3])) = -0.484, 4.484.
  @Test func studentsT() throws {
    let i = try #require(Interval.t([1, 2, 3]))
    #expect(abs(i.lower + 0.4844) < 1e-3 && abs(i.upper - 4.4844) < 1e-3 && i.kind == .t95)
    let bounded = try #require(Interval.t([1, 2, 3], within: 0...3))
    #expect(bounded.lower == 0 && bounded.upper == 3)
    #expect(Interval.t([1]) == nil)
  }

  /// Expected values: scipy.stats.t.ppf(0.975, n) for n of 1, 30, 31, 60 and 1000.
  @Test(arguments: [(1, 12.706), (30, 2.042), (31, 2.0395), (60, 2.0003), (1000, 1.9623)])
  func quantiles(_ degrees: Int, _ expected: Double) {
    #expect(abs(Interval.quantile(degrees) - expected) < 6e-4)
  }

  @Test func standardErrors() throws {
    let i = try #require(Interval.standardError([1, 2, 3]))
    #expect(abs(i.upper - 2 - 1 / 3.0.squareRoot()) < 1e-12 && i.kind == .standardError)
    #expect(Interval.standardError([1]) == nil)
  }

  @Test func apart() {
    let a = Interval(0, 1, .wilson95)
    #expect(a.isApart(from: Interval(1.1, 2, .wilson95)))
    #expect(!a.isApart(from: Interval(1, 2, .wilson95)))
  }
}
