public import Torch

/// Pictures as a metric sees them: what was asked for, what the judges say, their features.
public struct JudgedSet {
  /// Subjects asked for, one dictionary a picture: object: fox, style: noto.
  public var asked: [[String: String]]
  /// What the judges see, likewise.
  public var seen: [[String: String]]
  /// [N, D]
  public var features: Tensor

  public init(asked: [[String: String]], seen: [[String: String]], features: Tensor) {
    (self.asked, self.seen, self.features) = (asked, seen, features)
  }

  public func filter(_ keep: ([String: String]) -> Bool) -> JudgedSet {
    let picks = asked.indices.filter { keep(asked[$0]) }
    return JudgedSet(
      asked: picks.map { asked[$0] }, seen: picks.map { seen[$0] },
      features: features.indexed(0, picks))
  }
  public var count: Int { asked.count }
}

/// What was forgotten, as metrics need it: `kind` is object or style.
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
  init()
  /// - Parameter reference: real pictures of the subjects that should stay
  func measure(_ pictures: JudgedSet, forgotten: Forgotten, reference: JudgedSet?) -> Measured?
}

/// Every metric, in the order of reports. Adding a metric: its file, and one line here.
public enum Metrics {
  public static let all: [any Metric.Type] = [
    UnlearningAccuracy.self,
    InDomainRetainAccuracy.self,
    CrossDomainRetainAccuracy.self,
    FrechetDistance.self,
    Precision.self,
    Recall.self,
  ]
}
