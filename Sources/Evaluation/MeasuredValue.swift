internal import Foundation

package enum Better: String, Codable, Sendable { case higher, lower }

/// One number with its 95 % interval and how many pictures it comes from.
package struct MeasuredValue: Codable, Sendable, Hashable {
  package var metric: String
  package var value: Double
  package var lower: Double
  package var upper: Double
  package var n: Int

  package init(_ metric: String, _ value: Double, _ lower: Double, _ upper: Double, n: Int) {
    (self.metric, self.value, self.lower, self.upper, self.n) = (metric, value, lower, upper, n)
  }

  /// A share of successes with Wilson's interval (1927), which stays inside 0 ... 1.
  package static func share(_ metric: String, _ successes: Int, of n: Int) -> MeasuredValue {
    guard n > 0 else { return MeasuredValue(metric, .nan, 0, 1, n: 0) }
    let (z, m) = (1.959964, Double(n))
    let p = Double(successes) / m
    let centre = (p + z * z / (2 * m)) / (1 + z * z / m)
    let half = z / (1 + z * z / m) * (p * (1 - p) / m + z * z / (4 * m * m)).squareRoot()
    return MeasuredValue(metric, p, max(0, centre - half), min(1, centre + half), n: n)
  }
}

extension MeasuredValue {
  /// Shares of several runs as one, over all that they counted; nil without any.
  package static func pooled(_ metric: String, _ shares: [(value: Double, n: Int)])
    -> MeasuredValue?
  {
    guard !shares.isEmpty else { return nil }
    let successes = shares.map { ($0.value * Double($0.n)).rounded() }.reduce(0, +)
    return .share(metric, Int(successes), of: shares.map(\.n).reduce(0, +))
  }

  /// The mean of some values with the normal interval of its standard error; nil without values.
  /// - Parameter most: the largest value there can be; the smallest is 0
  package static func mean(_ metric: String, _ values: [Double], most: Double = .infinity)
    -> MeasuredValue?
  {
    guard !values.isEmpty else { return nil }
    let n = Double(values.count)
    let mean = values.reduce(0, +) / n
    let variance = values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / max(1, n - 1)
    let half = 1.959964 * (variance / n).squareRoot()
    return MeasuredValue(
      metric, mean, max(0, mean - half), min(most, mean + half), n: values.count)
  }
}

/// One row of `results.json`.
package struct ResultRow: Codable, Sendable, Hashable {
  package var method: String
  package var subject: String
  package var metric: String
  package var value: Double
  package var lower: Double
  package var upper: Double
  package var n: Int
  package var seeds: Int

  package init(_ method: String, _ subject: String, _ m: MeasuredValue, seeds: Int) {
    (self.method, self.subject, metric, value) = (method, subject, m.metric, m.value)
    (lower, upper, n, self.seeds) = (m.lower, m.upper, m.n, seeds)
  }
}
