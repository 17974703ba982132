internal import Foundation
public import Torch

/// Judged pictures: the subjects asked for, the judge's answers and its features. Metrics read nothing else.
public struct JudgedSet {
  /// The subjects asked for, one dictionary a picture, by kind: object: fox, style: noto.
  public var asked: [[String: String]]
  /// The judge's first choices, in the same form.
  public var seen: [[String: String]]
  /// The judge's features of the pictures, [N, D].
  public var features: Tensor
  /// The prompts of the pictures: those of one prompt are a cluster of an interval. It is empty where each picture has
  /// a prompt of its own.
  public var prompts: [String]
  /// The judge's probabilities, one dictionary a picture, by kind and class. It is empty where only first choices are
  /// known.
  public var beliefs: [[String: [String: Double]]]

  /// Judged pictures, of the same number in each list that is not empty.
  public init(
    asked: [[String: String]], seen: [[String: String]], features: Tensor,
    beliefs: [[String: [String: Double]]] = [], prompts: [String] = []
  ) {
    (self.asked, self.seen, self.features, self.beliefs) = (asked, seen, features, beliefs)
    self.prompts = prompts
  }

  /// The pictures of several sets, one set after the other.
  init(joining sets: [JudgedSet]) {
    self.init(
      asked: sets.flatMap(\.asked), seen: sets.flatMap(\.seen),
      features: Tensor.concatenate(sets.map(\.features)), beliefs: sets.flatMap(\.beliefs),
      prompts: sets.flatMap(\.prompts))
  }

  /// The share of some pictures that are hits, with an interval over their prompts.
  /// - Returns: nil for no pictures
  public func share(_ metric: String, of picks: [Int], where isHit: (Int) -> Bool)
    -> MeasuredValue?
  {
    guard !picks.isEmpty else { return nil }
    let hits = picks.map(isHit)
    return prompts.isEmpty
      ? ClusterBootstrap(picks).share(metric, hits)
      : ClusterBootstrap(picks.map { prompts[$0] }).share(metric, hits)
  }

  /// The mean of a number of some pictures, from 0 to `most`, with an interval over their prompts; pictures without the
  /// number are left out.
  /// - Returns: nil for no pictures
  func mean(
    _ metric: String, of picks: [Int], _ unit: MeasuredValue.Unit, most: Double = .infinity,
    _ number: (Int) -> Double?
  ) -> MeasuredValue? {
    let known = picks.compactMap { i in number(i).map { (place: i, value: $0) } }
    let texts = prompts.isEmpty ? [] : known.map { prompts[$0.place] }
    // Pictures of a single prompt, a class say, speak for that prompt alone.
    guard 2..<max(2, known.count) ~= Set(texts).count else {
      return .mean(metric, known.map(\.value), unit, most: most)
    }
    return ClusterBootstrap(texts).mean(metric, known.map(\.value), unit, within: 0...most)
  }

  /// The judge's probability, 0 to 1, of the subject that picture `i` was asked to show. It is nil where it is not
  /// known.
  public func probability(_ i: Int, _ kind: String) -> Double? {
    guard beliefs.indices.contains(i), let name = asked[i][kind] else { return nil }
    return beliefs[i][kind]?[name]
  }

  /// The entropy of the judge's answer for picture `i` in nats: - sum p log p, with 0 log 0 = 0.
  func entropy(_ i: Int, _ kind: String) -> Double? {
    guard beliefs.indices.contains(i), let belief = beliefs[i][kind] else { return nil }
    // The sum follows the order of the names, so that its last bits are the same in every process.
    return belief.sorted { $0.key < $1.key }.map(\.value)
      .reduce(0) { $1 > 0 ? $0 - $1 * log($1) : $0 }
  }

  /// The pictures whose subjects satisfy `keep`, in the same order.
  public func filter(_ keep: ([String: String]) -> Bool) -> JudgedSet {
    at(asked.indices.filter { keep(asked[$0]) })
  }

  /// The pictures of some places, in their order.
  package func at(_ picks: [Int]) -> JudgedSet {
    JudgedSet(
      asked: picks.map { asked[$0] }, seen: picks.map { seen[$0] },
      features: features.indexed(0, picks),
      beliefs: beliefs.isEmpty ? [] : picks.map { beliefs[$0] },
      prompts: prompts.isEmpty ? [] : picks.map { prompts[$0] })
  }
  /// The number of pictures.
  public var count: Int { asked.count }
}

/// The forgotten subjects: their kind, `object` or `style`, and their names.
public struct Forgotten: Codable, Sendable, Hashable {
  /// `object` or `style`.
  public var kind: String
  /// The names of the forgotten subjects.
  public var names: [String]
  /// The forgotten subjects of a kind.
  public init(kind: String, names: [String]) { (self.kind, self.names) = (kind, names) }

  package func contains(_ asked: [String: String]) -> Bool {
    asked[kind].map(names.contains) ?? false
  }
}

/// A measurement of judged pictures. A new metric is a file of its own and a line in ``MetricCatalog``.
public protocol Metric: Sendable {
  /// The metric's key in `results.json`, e.g. `ua`.
  static var name: String { get }
  /// The metric's name in reports.
  static var title: String { get }
  /// The direction in which the metric improves.
  static var better: Better { get }
  /// The unit of the values.
  static var unit: MeasuredValue.Unit { get }
  init()
  /// Measures pictures of one model.
  /// - Parameters:
  ///   - pictures: the model's pictures as the judge sees them
  ///   - forgotten: the subjects that were erased
  ///   - reference: real pictures of the retained subjects, where there are any
  /// - Returns: nil where the metric cannot be measured, e.g. without a reference
  func measure(_ pictures: JudgedSet, forgotten: Forgotten, reference: JudgedSet?) -> MeasuredValue?
}

extension Metric {
  public static var unit: MeasuredValue.Unit { .share }
}
