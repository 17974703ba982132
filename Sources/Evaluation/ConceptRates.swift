internal import Foundation
public import Torch

/// The distance of a subject from the forgotten concept in the model's text encoder.
public enum Distance: String, Choice { case near, middle, far }

/// Shares of pictures that show the subject asked for, of two models for the same prompts and seeds.
package struct ConceptRates {
  private let original: JudgedSet
  private let other: JudgedSet
  private let prompts: [String]
  private let forgotten: Forgotten
  private let distances: [String: Distance]
  /// The subjects that the judge has a class for.
  private let classes: Set<String>

  /// - Parameters:
  ///   - other: the erased model's pictures, in the order of the original's
  ///   - prompts: the prompt of each picture
  ///   - classes: the judge's classes of the forgotten kind; pictures of others say nothing on what was kept
  ///   - distances: of subjects to keep, by name
  package init(
    _ original: JudgedSet, _ other: JudgedSet, prompts: [String], _ forgotten: Forgotten,
    classes: [String], distances: [String: Distance]
  ) {
    self.classes = Set(classes)
    (self.original, self.other, self.prompts) = (original, other, prompts)
    (self.forgotten, self.distances) = (forgotten, distances)
  }

  /// `shown`: the concept's pictures that show it, and the paired change to the original.
  package func shown() -> [MeasuredValue] {
    rows(.shown, original.asked.indices.filter { forgotten.contains(original.asked[$0]) })
  }

  /// `kept`: pictures of other subjects that show what was asked for, and the paired change; of all, or of one
  /// distance.
  package func kept(_ distance: Distance? = nil) -> [MeasuredValue] {
    rows(
      .kept,
      original.asked.indices.filter { i in
        guard let name = original.asked[i][forgotten.kind], !forgotten.contains(original.asked[i]),
          classes.contains(name)
        else { return false }
        return distance == nil || distances[name] == distance
      })
  }

  private func rows(_ pictures: RateMetric.Pictures, _ picks: [Int]) -> [MeasuredValue] {
    guard !picks.isEmpty else { return [] }
    let kind = forgotten.kind
    func hits(_ set: JudgedSet) -> [Bool] {
      picks.map { set.seen[$0][kind] == set.asked[$0][kind] }
    }
    let clusters = ClusterBootstrap(picks.map { prompts[$0] })
    let (before, after) = (hits(original), hits(other))
    return [
      clusters.share(RateMetric(pictures, .original).name, before),
      clusters.share(RateMetric(pictures).name, after),
      clusters.change(
        RateMetric(pictures, .change).name, zip(after, before).map { ($0 ? 1 : 0) - ($1 ? 1 : 0) }),
    ]
  }
}
