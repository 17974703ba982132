// An abstention for judges that must choose among their classes. A picture is unrecognised where its features are
// farther from every known picture's than 99 % of the known pictures are from one another:
//
//   d(x) = min_r | f(x) - f(r) |,    unrecognised: d(x) > q_0.99 { min_{s != r} | f(r) - f(s) | : r }
//
// Known are real pictures, or the original's of the same run. The original's have a twin of each picture that is
// measured, drawn by the same prompt and seed. It is left out of both minima, so that limit and measurement are alike:
//
//   d(x) = min_{r: drawing(r) != drawing(x)} | f(x) - f(r) |
package import Torch

package struct Recognition {
  /// The noise and the words that a picture is drawn from: those of an erased model's picture and of its twin.
  package struct Drawing: Hashable, Sendable {
    package var prompt: String
    package var seed: UInt64

    package init(_ prompt: String, _ seed: UInt64) { (self.prompt, self.seed) = (prompt, seed) }
  }

  /// Features of the known pictures [R, D].
  private let known: Tensor
  /// The places of the known pictures by drawing; empty for real ones.
  private let twins: [Drawing: [Int]]
  /// The largest distance of a picture that is recognised.
  package let limit: Double

  /// The share of known pictures that are recognised among the others.
  package static let share = 0.99
  /// The fewest known pictures, whose quantile says something.
  package static let fewest = 20

  /// - Parameters:
  ///   - reference: the judge's features of the known pictures [R, D]
  ///   - drawings: those of the original's pictures; nil for real ones, of which each is only its own twin
  /// - Returns: nil for fewer than ``fewest`` pictures, or drawings
  package init?(_ reference: Tensor, of drawings: [Drawing]? = nil) {
    guard reference.rank == 2, (drawings?.unique.count ?? reference.size(0)) >= Self.fewest else {
      return nil
    }
    let rows = reference.to(.cpu, .float32)
    let places = drawings.map { all in Dictionary(grouping: all.indices) { all[$0] } } ?? [:]
    let nearest = withoutGradients {
      Self.nearest(rows, rows) { i in drawings.flatMap { places[$0[i]] } ?? [i] }
    }.sorted()
    (known, twins) = (rows, places)
    limit = nearest[min(nearest.count - 1, Int(Self.share * Double(nearest.count)))]
  }

  /// Features [N, D] -> for each picture, whether it is unlike all known pictures but its twin
  /// - Parameter drawings: those of the N pictures; empty where the known ones are real
  package func unrecognised(_ features: Tensor, of drawings: [Drawing] = []) -> [Bool] {
    guard features.size(0) > 0 else { return [] }
    return withoutGradients {
      Self.nearest(features.to(.cpu, .float32), known) { i in
        drawings.indices.contains(i) ? twins[drawings[i]] ?? [] : []
      }
    }
    .map { $0 > limit }
  }

  /// The distance of each row of `x` [N, D] to the nearest of `y` [R, D].
  /// - Parameter skipped: the rows of `y` that do not count for a row of `x`; not all of them
  private static func nearest(
    _ x: Tensor, _ y: Tensor, skipping skipped: (Int) -> [Int]
  ) -> [Double] {
    stride(from: 0, to: x.size(0), by: 256).flatMap { first -> [Double] in
      let n = min(256, x.size(0) - first)
      let rows = x.narrowed(0, first, n)
      // |a - b|^2 = |a|^2 - 2 a b + |b|^2
      let (a, b) = (rows.squared().sum(1), y.squared().sum(1))
      let squares = a.unsqueezed(1) - 2 * rows.matmul(y.transposed(0, 1)) + b.unsqueezed(0)
      let left = (first..<(first + n)).map { Set(skipped($0)) }
      guard left.contains(where: { !$0.isEmpty }) else {
        return squares.min(1).doubles.map { max(0, $0).squareRoot() }
      }
      return squares.doubles.chunked(y.size(0)).enumerated().map { i, row in
        let least = row.indices.lazy.filter { !left[i].contains($0) }.map { row[$0] }.min() ?? 0
        return max(0, least).squareRoot()
      }
    }
  }
}
