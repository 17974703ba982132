// Erosion by distance: how much worse the erased model draws subjects that are near the forgotten one, at middle distance and far
// from it. With pictures of both models from the same prompts and seeds, and hit = 1 where the judge sees the subject:
//
//   erosion(band) = mean over the band's pictures of  hit(original) - hit(erased)
package import Torch

/// The loss of retained subjects in three bands of distance from the forgotten one.
package struct Erosion {
  /// A third of the subjects, by distance.
  package enum Band: String, CaseIterable, Sendable, Hashable {
    case near, middle, far
  }
  private let bands: [String: Band]

  /// - Parameter distances: the distance of each retained subject from the forgotten one; only their order counts
  package init(distances: [String: Double]) {
    let order = distances.sorted { ($0.value, $0.key) < ($1.value, $1.key) }.map(\.key)
    bands = Dictionary(
      uniqueKeysWithValues: order.enumerated().map { rank, subject in
        (subject, Band.allCases[3 * rank / order.count])
      })
  }

  /// The distances 1 - cos of subjects from one text: unit vectors of N subjects [N, P], of the concept [P] -> N.
  package static func distances(_ subjects: [String], _ vectors: Tensor, from concept: Tensor)
    -> [String: Double]
  {
    let found = (1 - vectors.matmul(concept)).doubles
    return Dictionary(zip(subjects, found), uniquingKeysWith: { first, _ in first })
  }

  /// The band of a retained subject. It is nil for a subject without a distance.
  package func band(of subject: String) -> Band? { bands[subject] }

  /// The rows `erosion-near`, `erosion-middle` and `erosion-far`, shares from -1 to 1.
  /// - Parameters:
  ///   - erased: judged pictures of the erased model
  ///   - original: judged pictures of the original, from the same prompts and seeds in the same order
  /// - Throws: ``LetheError`` of the kind `model` for pictures that are not pairs
  package func measure(_ erased: JudgedSet, original: JudgedSet, forgotten f: Forgotten) throws
    -> [MeasuredValue]
  {
    guard erased.asked == original.asked else {
      throw LetheError.model(
        "erosion compares pictures of the same prompts in the same order; \(erased.count) and \(original.count) pictures "
          + "are not")
    }
    return Band.allCases.compactMap { band in
      let picks = erased.asked.indices.filter { i in
        !f.contains(erased.asked[i]) && erased.asked[i][f.kind].flatMap { bands[$0] } == band
      }
      guard !picks.isEmpty else { return nil }
      func hit(_ p: JudgedSet, _ i: Int) -> Double {
        p.seen[i][f.kind] == p.asked[i][f.kind] ? 1 : 0
      }
      return ClusterBootstrap(picks.map { erased.asked[$0] }).mean(
        "erosion-\(band.rawValue)", picks.map { hit(original, $0) - hit(erased, $0) }, .share)
    }
  }
}
