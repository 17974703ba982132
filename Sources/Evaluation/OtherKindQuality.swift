// A judge that sees subjects of the other kind alone, held to the original's pictures of the same run.
//
//   r: the original's CRA, the share of its pictures without the concept in which the judge sees the right subject
//   it cannot tell where the 95 % interval of r starts below 0.5, and that of as many right pictures does not
internal import Foundation
internal import Torch

/// The measurement of a judge of the other kind, whose only measure is `cra`.
package struct OtherKindQuality: Codable, Sendable, Hashable {
  /// The original's `cra`.
  package var right: MeasuredValue
  /// The lower bound that a judge without a fault would have on as many pictures of as many prompts.
  package var reachable: Double

  /// The least lower bound.
  package static let limit = 0.5

  /// - Parameter original: the judge's answers for the original's pictures
  /// - Returns: nil without pictures of a subject that it has a class for
  package init?(_ original: JudgedSet, _ forgotten: Forgotten) {
    var faultless = original
    faultless.seen = original.asked
    func cra(_ set: JudgedSet) -> MeasuredValue? {
      CrossDomainRetainAccuracy().measure(set, forgotten: forgotten, reference: nil)
    }
    guard let right = cra(original) else { return nil }
    self.right = right
    reachable = cra(faultless)?.interval?.lower ?? 0
  }

  package var standing: JudgeQuality.Standing {
    if let interval = right.interval, interval.lower >= Self.limit { return .tells }
    return reachable >= Self.limit ? .cannotTell : .unknown
  }

  /// A sentence for results and pages.
  package func sentence(_ judge: String) -> String {
    let found =
      "it sees the right subject of its kind in \(right.text(hasUnit: true)) of \(right.sample(of: "pictures")) of the original"
    return switch standing {
    case .tells: "\(judge): \(found)."
    case .cannotTell:
      "This judge cannot tell: of \(judge), \(found), and the lower bound must be at least "
        + "\(Int(100 * Self.limit)) %. Its cra is left out."
    case .unknown:
      "\(judge): too few pictures or prompts (\(right.sample(of: "pictures"))) to measure the judge. Found: \(found)."
    }
  }
}
