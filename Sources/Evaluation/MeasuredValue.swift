internal import Foundation

package enum Better: String, Codable, Sendable { case higher, lower }

/// One number: what was measured, over how many pictures or repetitions, and how sure it is.
///
/// (Foundation has a generic type `Measurement`, so the obvious name would be ambiguous in every file that
/// imports both.)
package struct MeasuredValue: Codable, Sendable, Hashable {
  /// The unit of a measured value.
  package enum Unit: String, Codable, Sendable, Hashable, CaseIterable {
    /// A share between 0 and 1, shown in per cent.
    case share
    /// A number without a unit.
    case number = "1"
    case nats
    case seconds = "s"
    case bytes = "B"
    /// Steps of a training.
    case steps
    /// Steps of 255 in a picture's brightness.
    case levels = "/255"
    /// A count of things.
    case count
  }

  package var metric: String
  package var value: Double
  package var unit: Unit
  /// Pictures, prompts or repetitions that the value comes from.
  package var n: Int
  /// Nil where no interval is known.
  package var interval: Interval?

  package init(
    _ metric: String, _ value: Double, _ unit: Unit = .number, n: Int, _ interval: Interval? = nil
  ) {
    (self.metric, self.value, self.unit) = (metric, value, unit)
    (self.n, self.interval) = (n, interval)
  }

  /// A share of successes with Wilson's interval.
  package static func share(_ metric: String, _ successes: Int, of n: Int) -> MeasuredValue {
    MeasuredValue(
      metric, n > 0 ? Double(successes) / Double(n) : .nan, .share, n: n,
      .wilson(successes, of: n))
  }

  /// Pictures that no metric counts, because they have no finite numbers.
  package static func notFinite(_ pictures: Int, of n: Int) -> MeasuredValue {
    MeasuredValue("not-finite", Double(pictures), .count, n: n)
  }

  /// Shares of several runs as one, over everything that they counted; nil without any.
  package static func pooled(_ metric: String, _ shares: [MeasuredValue]) -> MeasuredValue? {
    guard !shares.isEmpty else { return nil }
    let successes = shares.map { ($0.value * Double($0.n)).rounded() }.reduce(0, +)
    return .share(metric, Int(successes), of: shares.map(\.n).reduce(0, +))
  }

  /// The mean of some values that cannot be negative, with Student's interval; nil without values.
  /// - Parameter most: the largest value there can be
  package static func mean(
    _ metric: String, _ values: [Double], _ unit: Unit = .number, most: Double = .infinity
  ) -> MeasuredValue? {
    guard !values.isEmpty else { return nil }
    return MeasuredValue(
      metric, values.mean, unit, n: values.count, .t(values, within: 0...most))
  }
}

// MARK: - As text

extension MeasuredValue {
  /// Factor and digits of the unit as it is shown.
  private var scale: Double { unit == .share ? 100 : 1 }

  private func number(_ x: Double, _ digits: Int, sign: Bool = false) -> String {
    String(format: sign ? "%+.\(digits)f" : "%.\(digits)f", scale * x)
  }

  /// The value and its interval, e.g. `98.1 [96.3, 99.0]` or `98.1 ± 0.4`.
  /// - Parameters:
  ///   - digits: behind the point; nil takes 1 for shares and 2 for the rest
  ///   - hasUnit: whether shares have their %
  package func text(digits: Int? = nil, hasUnit: Bool = false) -> String {
    let digits = digits ?? (unit == .share ? 1 : 2)
    let sign = hasUnit && unit == .share ? " %" : ""
    let value = number(self.value, digits)
    guard let interval else { return value + sign }
    guard interval.kind == .standardError else {
      return
        "\(value)\(sign) [\(number(interval.lower, digits)), \(number(interval.upper, digits))]"
    }
    return "\(value) ± \(number((interval.upper - interval.lower) / 2, digits))\(sign)"
  }

  /// The value alone.
  package func plain(digits: Int? = nil) -> String {
    number(value, digits ?? (unit == .share ? 1 : 2))
  }

  /// The difference to another value of the same unit, with its sign; shares in points.
  package func difference(to other: MeasuredValue, digits: Int? = nil) -> String {
    number(value - other.value, digits ?? (unit == .share ? 1 : 2), sign: true)
  }
}
