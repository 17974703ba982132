internal import Foundation
// A judge's skill at telling a concept from its neighbours on pictures of the original model, drawn in the same run.
//
//   balanced accuracy = ( P(seen | asked) + P(not seen | not asked) ) / 2
//   lower bound: b - sqrt( (p1 - l1)^2 + (p2 - l2)^2 ) / 2, with the bounds l of the two shares (Newcombe, Stat. Med. 1998)
internal import Torch

/// The measurement of a judge on the original's own pictures.
package struct JudgeQuality: Codable, Sendable, Hashable {
  /// Whether the judge can be relied upon for the concept.
  package enum Standing: String, Choice {
    case tells
    case cannotTell
    /// Too few pictures to know.
    case unknown
  }

  /// Share of the concept's pictures in which it sees the concept.
  package var seen: MeasuredValue
  /// Share of other pictures in which it sees the concept.
  package var falsePositives: MeasuredValue
  package var balancedAccuracy: MeasuredValue
  /// The lower bound that a judge without a fault would have on as many pictures of as many prompts; nil in records of
  /// older versions, which excused intervals by their width.
  package var reachable: Double?

  /// The lower bound that balanced accuracy must reach, and the pictures that decide: in all, and of the concept as of
  /// others.
  package static let (limit, fewest) = (0.7, 40)
  package static let fewestOfEach = fewest / 2

  /// - Parameters:
  ///   - original: the judge's answers for the original's pictures
  ///   - prompts: the prompt of each picture
  /// - Returns: nil without pictures of the concept, or without others
  package init?(_ original: JudgedSet, prompts: [String], _ forgotten: Forgotten) {
    func share(_ name: String, ofConcept: Bool, isFaultless: Bool = false) -> MeasuredValue? {
      let own = original.asked.indices.filter {
        forgotten.contains(original.asked[$0]) == ofConcept
      }
      guard !own.isEmpty else { return nil }
      var share = ClusterBootstrap(own.map { prompts[$0] })
        .share(
          name, own.map { isFaultless ? ofConcept : forgotten.contains(original.seen[$0]) })
      // Records of older audits, which are compared with this one, count no prompts.
      share.prompts = nil
      return share
    }
    guard let seen = share("judge-seen", ofConcept: true),
      let wrong = share("judge-false-positives", ofConcept: false)
    else { return nil }
    (self.seen, falsePositives) = (seen, wrong)
    balancedAccuracy = Self.balanced(seen, wrong)
    reachable = share("judge-seen", ofConcept: true, isFaultless: true).flatMap { all in
      share("judge-false-positives", ofConcept: false, isFaultless: true).flatMap { none in
        Self.balanced(all, none).interval?.lower
      }
    }
  }

  /// The balanced accuracy of two shares: of the concept's pictures, and of others, in which the concept is seen.
  private static func balanced(_ seen: MeasuredValue, _ wrong: MeasuredValue) -> MeasuredValue {
    let accuracy = (seen.value + 1 - wrong.value) / 2
    func distance(_ a: Double?, _ b: Double?) -> Double {
      ((a ?? 0) * (a ?? 0) + (b ?? 0) * (b ?? 0)).squareRoot() / 2
    }
    let (s, w) = (seen.interval, wrong.interval)
    let interval: Interval? =
      s == nil || w == nil
      ? nil
      : Interval(
        max(
          0, accuracy - distance(s.map { seen.value - $0.lower }, w.map { $0.upper - wrong.value })),
        min(
          1, accuracy + distance(s.map { $0.upper - seen.value }, w.map { wrong.value - $0.lower })),
        .newcombe95)
    return MeasuredValue(
      "judge-balanced-accuracy", accuracy, .share, n: seen.n + wrong.n, interval)
  }

  package var standing: Standing {
    guard balancedAccuracy.n >= Self.fewest, let found = balancedAccuracy.interval else {
      return .unknown
    }
    if found.lower >= Self.limit { return .tells }
    // Pictures and prompts so few that a judge without a fault would not reach the limit blame none that is above it.
    return isReachable || balancedAccuracy.value < Self.limit ? .cannotTell : .unknown
  }

  private var isSmall: Bool { min(seen.n, falsePositives.n) < Self.fewestOfEach }

  /// Whether a judge without a fault would reach the limit.
  private var isReachable: Bool {
    if let reachable { return reachable >= Self.limit }
    return balancedAccuracy.interval.map { $0.upper - $0.lower <= 1 - Self.limit } ?? false
  }

  /// The pictures that are there, of those that are needed.
  package var tooFew: String {
    let few = "too few pictures"
    let toMeasure = "to measure the judge"
    guard balancedAccuracy.n >= Self.fewest else {
      return "\(few) (\(balancedAccuracy.n) of \(Self.fewest)) \(toMeasure)"
    }
    guard isSmall else { return "too few prompts \(toMeasure)" }
    let (n, noun) =
      seen.n <= falsePositives.n ? (seen.n, "of the concept") : (falsePositives.n, "of others")
    return "\(few) \(noun) (\(n) of \(Self.fewestOfEach)) \(toMeasure)"
  }

  /// A sentence for results and pages.
  package func sentence(_ judge: String) -> String {
    let found =
      "balanced accuracy \(balancedAccuracy.text(hasUnit: true)) on \(balancedAccuracy.n.counted("picture")) of the original"
    return switch standing {
    case .tells: "\(judge) tells the concept from its neighbours: \(found)."
    case .cannotTell:
      "This judge cannot tell: \(judge) has a \(found), and the lower bound must be at least "
        + "\(Int(100 * Self.limit)) %. Its rates are left out. Prompts that the model was trained on (--prompt) and "
        + "subjects that it draws (--related) may let it tell."
    case .unknown:
      "\(judge): \(tooFew). Found: \(found)."
    }
  }
}
