/// An interval around a measured value: its bounds and the rule that gave them.
public import Torch

/// An interval around a measured value: its bounds and the rule that gave them.
public struct Interval: Codable, Sendable, Hashable {
  /// The rule that an interval comes from.
  public enum Kind: String, Choice {
    /// Wilson's score interval of a share, 95 % (Wilson, JASA 1927).
    case wilson95
    /// Percentiles of a bootstrap over pictures, 95 %.
    case bootstrap95
    /// Bounds of two shares put together, 95 % (Newcombe, Statistics in Medicine 1998).
    case newcombe95
    /// Student's t around a mean, 95 %.
    case t95
    /// The normal interval of an area under a ROC curve, 95 % (Hanley & McNeil, Radiology 1982).
    case hanleyMcNeil95
    /// Percentiles of a bootstrap over prompts, 95 %. All pictures of a prompt are drawn together.
    case clusters95
    /// A mean plus and minus one standard error.
    case standardError
  }

  /// The lower bound, in the unit of the value.
  public var lower: Double
  /// The upper bound, in the unit of the value.
  public var upper: Double
  /// The rule that gave the bounds.
  public var kind: Kind

  /// An interval of a rule.
  public init(_ lower: Double, _ upper: Double, _ kind: Kind) {
    (self.lower, self.upper, self.kind) = (lower, upper, kind)
  }

  /// Wilson's score interval, 95 %, of a share of `successes` among `n` trials (Wilson, JASA 1927). Both bounds lie
  /// in 0 ... 1.
  /// - Returns: nil where `n` is 0
  public static func wilson(_ successes: Int, of n: Int) -> Interval? {
    n > 0 ? wilson(share: Double(successes) / Double(n), of: n) : nil
  }

  /// The same of a share `p` that is no whole number of `n` trials, because each trial was repeated.
  package static func wilson(share p: Double, of n: Int) -> Interval? {
    guard n > 0 else { return nil }
    let (z, m) = (1.959964, Double(n))
    let centre = (p + z * z / (2 * m)) / (1 + z * z / m)
    let half = z / (1 + z * z / m) * (p * (1 - p) / m + z * z / (4 * m * m)).squareRoot()
    return Interval(max(0, centre - half), min(1, centre + half), .wilson95)
  }

  /// Student's t interval, 95 %, around the mean of `values`.
  /// - Parameter bounds: the range of possible means, which the interval is cut to
  /// - Returns: nil for fewer than two values
  public static func t(
    _ values: [Double], within bounds: ClosedRange<Double> = -.infinity ... .infinity
  ) -> Interval? {
    guard let error = values.standardError else { return nil }
    let half = quantile(values.count - 1) * error
    let mean = values.mean
    return Interval(
      max(bounds.lowerBound, mean - half), min(bounds.upperBound, mean + half), .t95)
  }

  /// The mean of `values` plus and minus one standard error.
  /// - Returns: nil for fewer than two values
  public static func standardError(_ values: [Double]) -> Interval? {
    values.standardError.map { Interval(values.mean - $0, values.mean + $0, .standardError) }
  }

  /// The 97.5 % quantile of Student's t with `degrees` of freedom. It is exact to 3 digits up to 30 degrees, then it
  /// follows the expansion in 1 / degrees of Fisher & Cornish (1960).
  static func quantile(_ degrees: Int) -> Double {
    let table = [
      12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
      2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056,
      2.052, 2.048, 2.045, 2.042,
    ]
    guard degrees > table.count else { return table[max(1, degrees) - 1] }
    let (z, v) = (1.959964, Double(degrees))
    return z + (z * z * z + z) / (4 * v)
      + (5 * z * z * z * z * z + 16 * z * z * z + 3 * z) / (96 * v * v)
  }

  /// The upper bound less the lower one.
  package var width: Double { upper - lower }

  /// Whether the two intervals do not overlap.
  public func isApart(from other: Interval) -> Bool {
    lower > other.upper || upper < other.lower
  }
}

extension [Double] {
  /// The arithmetic mean. It is NaN for an empty array.
  package var mean: Double { isEmpty ? .nan : reduce(0, +) / Double(count) }

  /// The standard error of the mean, from the variance with n - 1. It is nil for fewer than two values.
  package var standardError: Double? {
    guard count > 1 else { return nil }
    let (n, mean) = (Double(count), mean)
    let squares = map { ($0 - mean) * ($0 - mean) }.reduce(0, +)
    return (squares / (n - 1) / n).squareRoot()
  }
}
