internal import Foundation
public import Torch

/// Pictures as a metric sees them: what was asked for, what the judges say, their features.
public struct JudgedSet {
  /// Subjects asked for, one dictionary a picture: object: fox, style: noto.
  public var asked: [[String: String]]
  /// The judges' answers, likewise.
  public var seen: [[String: String]]
  /// [N, D]
  public var features: Tensor
  /// The judges' probabilities by kind and class; empty where only verdicts are known.
  public var beliefs: [[String: [String: Double]]]

  public init(
    asked: [[String: String]], seen: [[String: String]], features: Tensor,
    beliefs: [[String: [String: Double]]] = []
  ) {
    (self.asked, self.seen, self.features, self.beliefs) = (asked, seen, features, beliefs)
  }

  /// The probability of what picture `i` was asked to show.
  public func probability(_ i: Int, _ kind: String) -> Double? {
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

  public func filter(_ keep: ([String: String]) -> Bool) -> JudgedSet {
    let picks = asked.indices.filter { keep(asked[$0]) }
    return JudgedSet(
      asked: picks.map { asked[$0] }, seen: picks.map { seen[$0] },
      features: features.indexed(0, picks),
      beliefs: beliefs.isEmpty ? [] : picks.map { beliefs[$0] })
  }
  public var count: Int { asked.count }
}

/// The forgotten subjects, as metrics need them: `kind` is object or style.
public struct Forgotten: Sendable, Hashable {
  public var kind: String
  public var names: [String]
  public init(kind: String, names: [String]) { (self.kind, self.names) = (kind, names) }

  func contains(_ asked: [String: String]) -> Bool { asked[kind].map(names.contains) ?? false }
}

public protocol Metric: Sendable {
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
  public static var unit: MeasuredValue.Unit { .share }
  public static var interval: Interval.Kind { .wilson95 }
}
