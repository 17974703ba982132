internal import Foundation
package import Torch

/// Pictures as a metric sees them: what was asked for, what the judges say, their features.
package struct JudgedSet {
  /// Subjects asked for, one dictionary a picture: object: fox, style: noto.
  package var asked: [[String: String]]
  /// The judges' answers, likewise.
  package var seen: [[String: String]]
  /// [N, D]
  package var features: Tensor
  /// The judges' probabilities by kind and class; empty where only verdicts are known.
  package var beliefs: [[String: [String: Double]]]

  package init(
    asked: [[String: String]], seen: [[String: String]], features: Tensor,
    beliefs: [[String: [String: Double]]] = []
  ) {
    (self.asked, self.seen, self.features, self.beliefs) = (asked, seen, features, beliefs)
  }

  /// The probability of what picture `i` was asked to show.
  package func probability(_ i: Int, _ kind: String) -> Double? {
    guard beliefs.indices.contains(i), let name = asked[i][kind] else { return nil }
    return beliefs[i][kind]?[name]
  }

  /// - sum p log p of the judge's answer for picture `i`; 0 log 0 is 0.
  func entropy(_ i: Int, _ kind: String) -> Double? {
    guard beliefs.indices.contains(i), let belief = beliefs[i][kind] else { return nil }
    // In the order of the names, so that the last bits are the same in every process.
    return belief.sorted { $0.key < $1.key }.map(\.value)
      .reduce(0) { $1 > 0 ? $0 - $1 * log($1) : $0 }
  }

  package func filter(_ keep: ([String: String]) -> Bool) -> JudgedSet {
    let picks = asked.indices.filter { keep(asked[$0]) }
    return JudgedSet(
      asked: picks.map { asked[$0] }, seen: picks.map { seen[$0] },
      features: features.indexed(0, picks),
      beliefs: beliefs.isEmpty ? [] : picks.map { beliefs[$0] })
  }
  package var count: Int { asked.count }
}

/// The forgotten subjects, as metrics need them: `kind` is object or style.
package struct Forgotten: Sendable, Hashable {
  package var kind: String
  package var names: [String]
  package init(kind: String, names: [String]) { (self.kind, self.names) = (kind, names) }

  func contains(_ asked: [String: String]) -> Bool { asked[kind].map(names.contains) ?? false }
}

package protocol Metric: Sendable {
  static var name: String { get }
  static var title: String { get }
  static var better: Better { get }
  static var unit: MeasuredValue.Unit { get }
  /// How its interval is found.
  static var interval: Interval.Kind { get }
  init()
  /// - Parameter reference: real pictures of the subjects that should stay
  func measure(_ pictures: JudgedSet, forgotten: Forgotten, reference: JudgedSet?) -> MeasuredValue?
}

extension Metric {
  package static var unit: MeasuredValue.Unit { .share }
  package static var interval: Interval.Kind { .wilson95 }
}
