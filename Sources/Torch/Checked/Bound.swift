/// The values that a key of a file, or an option, accepts.
public enum Bound: Sendable, Hashable {
  case whole(ClosedRange<Int>)
  case number(ClosedRange<Double>)
  /// Numbers above 0 and up to a limit.
  case positive(Double)

  /// Counts of things that a program goes through one by one.
  public static let count = Bound.whole(0...1_000_000_000)
  public static let atLeastOne = Bound.whole(1...1_000_000_000)
  public static let share = Bound.number(0...1)
  /// Guidance of a request's pictures. A larger one leaves nothing of the numbers beside it.
  package static let guidance = Bound.number(-10_000...10_000)
  package static let finite = Bound.number(
    -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude)

  /// The accepted values in words.
  package var accepted: String {
    switch self {
    case .finite: "a finite number"
    case .whole(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
    case .number(let range) where range.upperBound == .greatestFiniteMagnitude:
      "a number from \(range.lowerBound)"
    case .number(let range): "a number from \(range.lowerBound) to \(range.upperBound)"
    case .positive(.greatestFiniteMagnitude): "a number above 0"
    case .positive(let limit): "a number above 0, at most \(limit)"
    }
  }

  /// Refuses counts of a program's own options, which no reader has checked.
  /// - Throws: ``LetheError`` of the kind `request` with the first count that is not within the bounds
  package static func require(
    from least: Int, to most: Int = .max, _ counts: [(name: String, value: Int)]
  ) throws {
    guard let wrong = counts.first(where: { $0.value < least || $0.value > most }) else { return }
    let accepted = most == .max ? "from \(least)" : "\(least) to \(most)"
    throw LetheError.request("\(wrong.name): \(wrong.value); accepted: \(accepted)")
  }

  /// - Returns: whether a number is one of the accepted values; a NaN and an infinity never are
  package func allows(_ value: JSON) -> Bool {
    switch self {
    case .whole(let range): value.int.map(range.contains) ?? false
    case .number(let range): value.number.map { $0.isFinite && range.contains($0) } ?? false
    case .positive(let limit): value.number.map { $0 > 0 && $0 <= limit } ?? false
    }
  }
}
