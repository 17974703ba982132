internal import Foundation
public import Torch

/// The direction in which a metric improves.
public enum Better: String, Codable, Sendable { case higher, lower }

/// A measured number with its metric, its unit, its sample size and, where it is known, its interval.
///
/// Foundation has a generic type `Measurement`. That name would be ambiguous in every file that imports both.
public struct MeasuredValue: Sendable, Hashable {
  /// The unit of a measured value.
  public enum Unit: String, Choice {
    /// A share between 0 and 1, shown in per cent.
    case share
    /// A number without a unit.
    case number = "1"
    /// An entropy in nats.
    case nats
    case seconds = "s"
    case bytes = "B"
    /// Steps of a training.
    case steps
    /// Brightness levels of a picture, of 255.
    case levels = "/255"
    /// A count of things.
    case count
  }

  /// The metric's name, e.g. `ua`.
  public var metric: String
  /// The number in its unit. A share lies in 0 ... 1.
  public var value: Double
  /// The unit of the value.
  public var unit: Unit
  /// Count of the pictures, prompts or repetitions behind the value.
  public var n: Int
  /// Prompts of the `n` pictures, where pictures of one prompt count together in the interval; nil where each picture
  /// counts.
  public var prompts: Int?
  /// The value's interval. It is nil where none is known.
  public var interval: Interval?

  /// A value of `n` pictures, prompts or repetitions.
  public init(
    _ metric: String, _ value: Double, _ unit: Unit = .number, n: Int, _ interval: Interval? = nil
  ) {
    (self.metric, self.value, self.unit) = (metric, value, unit)
    (self.n, self.interval) = (n, interval)
  }

  /// A share of successes with Wilson's interval. The value is NaN where `n` is 0.
  public static func share(_ metric: String, _ successes: Int, of n: Int) -> MeasuredValue {
    MeasuredValue(
      metric, n > 0 ? Double(successes) / Double(n) : .nan, .share, n: n,
      .wilson(successes, of: n))
  }

  /// Pictures that no metric counts, because they have no finite numbers.
  package static func notFinite(_ pictures: Int, of n: Int) -> MeasuredValue {
    MeasuredValue("not-finite", Double(pictures), .count, n: n)
  }

  /// Several shares as one: successes and trials are added up, and Wilson's interval is that of the sums, with as many
  /// trials as prompts where a share counts those.
  /// - Returns: nil for no shares
  public static func pooled(_ metric: String, _ shares: [MeasuredValue]) -> MeasuredValue? {
    guard !shares.isEmpty else { return nil }
    let successes = shares.map { ($0.value * Double($0.n)).rounded() }.reduce(0, +)
    var sum = share(
      metric, Int(bounded: successes, 0...1_000_000_000), of: shares.map(\.n).reduce(0, +))
    if shares.contains(where: { $0.prompts != nil }) {
      let prompts = shares.map { $0.prompts ?? $0.n }.reduce(0, +)
      (sum.prompts, sum.interval) = (prompts, .wilson(share: sum.value, of: prompts))
    }
    return sum
  }

  /// The interval of this share less another of other pictures, 95 % (Newcombe, Statistics in Medicine 1998); nil where one of them has
  /// no interval.
  package func change(from before: MeasuredValue) -> Interval? {
    guard unit == .share, before.unit == .share, let a = interval, let b = before.interval else {
      return nil
    }
    let difference = value - before.value
    func length(_ x: Double, _ y: Double) -> Double { (x * x + y * y).squareRoot() }
    return Interval(
      max(-1, difference - length(value - a.lower, b.upper - before.value)),
      min(1, difference + length(a.upper - value, before.value - b.lower)), .newcombe95)
  }

  /// Shares of the same prompts, measured again and again, as one: each prompt is one trial of Wilson's interval, however often it
  /// was drawn.
  /// - Returns: nil for no shares
  package static func repeated(_ shares: [MeasuredValue]) -> MeasuredValue? {
    guard let first = shares.first, shares.count > 1 else { return shares.first }
    let prompts = shares.map { $0.prompts ?? $0.n }.min() ?? 0
    let share = shares.map(\.value).mean
    var all = MeasuredValue(
      first.metric, share, .share, n: shares.map(\.n).reduce(0, +),
      .wilson(share: share, of: prompts))
    all.prompts = prompts
    return all
  }

  /// The mean of values that are never negative, with Student's t interval.
  /// - Parameter most: the largest possible value
  /// - Returns: nil for no values
  public static func mean(
    _ metric: String, _ values: [Double], _ unit: Unit = .number, most: Double = .infinity
  ) -> MeasuredValue? {
    guard !values.isEmpty else { return nil }
    return MeasuredValue(
      metric, values.mean, unit, n: values.count, .t(values, within: 0...most))
  }
}

// MARK: - As JSON

// Flat keys. Version 0.1 wrote metric, value, lower, upper and n. It did not write the unit and the interval's kind:
// both follow from the metric, or the value is a share and the interval is left out.
extension MeasuredValue: Codable {
  /// The metrics of version 0.1. Later ones, and those of other packages, have unit and kind in the file.
  private static let version01: [String: (unit: Unit, interval: Interval.Kind)] = [
    "ua": (.share, .wilson95), "ira": (.share, .wilson95), "cra": (.share, .wilson95),
    "composition": (.share, .wilson95), "leakage": (.share, .wilson95),
    "frechet": (.number, .bootstrap95),
    "precision": (.share, .wilson95), "recall": (.share, .wilson95),
    "p-forgotten": (.share, .t95), "h-forgotten": (.nats, .t95),
    "p-kept": (.share, .t95), "h-kept": (.nats, .t95),
  ]

  private enum Key: String, CodingKey {
    case metric, value, unit, n, prompts, lower, upper, interval
  }

  public func encode(to encoder: any Encoder) throws {
    var c = encoder.container(keyedBy: Key.self)
    try c.encode(metric, forKey: .metric)
    try c.encode(value, forKey: .value)
    try c.encode(unit, forKey: .unit)
    try c.encode(n, forKey: .n)
    try c.encodeIfPresent(prompts, forKey: .prompts)
    try c.encodeIfPresent(interval?.lower, forKey: .lower)
    try c.encodeIfPresent(interval?.upper, forKey: .upper)
    try c.encodeIfPresent(interval?.kind, forKey: .interval)
  }

  public init(from decoder: any Decoder) throws {
    let c = try decoder.container(keyedBy: Key.self)
    metric = try c.decode(String.self, forKey: .metric)
    value = try c.decode(Double.self, forKey: .value)
    n = try c.decode(Int.self, forKey: .n)
    guard (0...1_000_000_000).contains(n) else {
      throw DecodingError.dataCorruptedError(
        forKey: .n, in: c, debugDescription: Bound.count.accepted)
    }
    prompts = try c.decodeIfPresent(Int.self, forKey: .prompts)
    guard prompts.map((0...n).contains) != false else {
      throw DecodingError.dataCorruptedError(
        forKey: .prompts, in: c, debugDescription: Bound.whole(0...n).accepted)
    }
    let known = Self.version01[metric]
    let written = try c.decodeIfPresent(Unit.self, forKey: .unit)
    unit = written ?? known?.unit ?? .share
    let kind =
      try c.decodeIfPresent(Interval.Kind.self, forKey: .interval)
      ?? (written == nil ? known?.interval : nil)
    interval = nil
    if let kind, let lower = try c.decodeIfPresent(Double.self, forKey: .lower),
      let upper = try c.decodeIfPresent(Double.self, forKey: .upper)
    {
      interval = Interval(lower, upper, kind)
    }
  }
}

// MARK: - As text

extension MeasuredValue {
  /// Factor from the stored number to the shown one: 100 for shares.
  private var scale: Double { unit == .share ? 100 : 1 }

  private func number(_ x: Double, _ digits: Int, sign: Bool = false) -> String {
    // Three hundred digits say less than a power of ten, and 100 times the largest number is none.
    guard abs(x) < 1e15 || !x.isFinite else {
      let shown = String(format: sign ? "%+.3e" : "%.3e", x).split(separator: "e")
      let power = (shown.last.flatMap { Int($0) } ?? 0) + (scale == 100 ? 2 : 0)
      return "\(shown.first ?? "")e+\(power)"
    }
    return String(format: sign ? "%+.\(digits)f" : "%.\(digits)f", scale * x)
  }

  /// The value and its interval, e.g. `98.1 [96.3, 99.0]` or `98.1 ± 0.4`. Shares are in per cent.
  /// - Parameters:
  ///   - digits: digits after the point; nil takes 1 for shares and 2 for other units
  ///   - hasUnit: whether a share is followed by %, and a change of a share by points
  public func text(digits: Int? = nil, hasUnit: Bool = false) -> String {
    let digits = digits ?? (unit == .share ? 1 : 2)
    let sign = hasUnit && unit == .share ? isChange ? " points" : " %" : ""
    let value = number(self.value, digits)
    guard let interval else { return value + sign }
    guard interval.kind == .standardError else {
      return
        "\(value)\(sign) [\(number(interval.lower, digits)), \(number(interval.upper, digits))]"
    }
    return "\(value) ± \(number((interval.upper - interval.lower) / 2, digits))\(sign)"
  }

  /// Whether the value is a difference of shares, in percentage points.
  private var isChange: Bool { RateMetric(named: metric)?.side == .change }

  /// The sample size: `15`, or `15 of 5 prompts` where the interval counts prompts.
  package var size: String { prompts.map { "\(n) of \($0.counted("prompt"))" } ?? "\(n)" }

  /// The sample in words: `15 prompts`, or `15 pictures of 5 prompts` where the interval counts prompts.
  /// - Parameter noun: the things that are counted where each one counts
  package func sample(of noun: String) -> String {
    prompts.map { "\(n.counted("picture")) of \($0.counted("prompt"))" }
      ?? "\(n) \(n == 1 ? String(noun.dropLast()) : noun)"
  }

  /// The value without its interval. Shares are in per cent.
  public func plain(digits: Int? = nil) -> String {
    number(value, digits ?? (unit == .share ? 1 : 2))
  }

  /// This value minus another of the same unit, with its sign. Shares are in percentage points.
  public func difference(to other: MeasuredValue, digits: Int? = nil) -> String {
    number(value - other.value, digits ?? (unit == .share ? 1 : 2), sign: true)
  }
}
