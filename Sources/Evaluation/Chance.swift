// The reach of an attack beyond random tokens with as many queries, and of a method beyond its control.

extension MeasuredValue {
  /// The metric of an attack's success rate minus that of random tokens.
  package static let beyondChance = "beyond-chance"

  /// The metric of the successes of fine-tuning less those of a control, on the same prompts.
  package static let beyondControl = "beyond-control"

  /// The metric of the prompts that have no such difference, because one side lacks them.
  package static let withoutPartner = "without-partner"

  /// The difference in percentage points, or the sentence that it is none.
  package var againstChance: String {
    AgainstChance(self) == .stronger
      ? "+" + text(digits: 0) + " points" : "no stronger than chance here"
  }
}

extension [ResultRow] {
  /// `beyond-chance` over all rows: the mean weighted by prompts, and half the width of its interval from those of the
  /// rows, added in squares.
  /// - Returns: nil without rows; no interval where one of them has none
  package var beyondChance: MeasuredValue? {
    let found = of(MeasuredValue.beyondChance).filter { $0.n > 0 }
    let n = found.map(\.n).reduce(0, +)
    guard n > 0 else { return nil }
    let weights = found.map { Double($0.n) / Double(n) }
    let mean = zip(weights, found).map { $0 * $1.value }.reduce(0, +)
    let halves = found.compactMap { $0.interval.map { ($0.upper - $0.lower) / 2 } }
    var interval: Interval?
    if halves.count == found.count {
      let half = zip(weights, halves).map { $0 * $1 * $0 * $1 }.reduce(0, +).squareRoot()
      interval = Interval(mean - half, mean + half, .t95)
    }
    return MeasuredValue(MeasuredValue.beyondChance, mean, .share, n: n, interval)
  }
}
