// An abstention for judges that must choose among their classes. A picture is unrecognised where its features are
// farther from every real picture's than 99 % of the real pictures are from one another:
//
//   d(x) = min_r | f(x) - f(r) |,    unrecognised: d(x) > q_0.99 { min_{s != r} | f(r) - f(s) | : r }
package import Torch

package struct Recognition {
  /// Features of real pictures [R, D].
  private let known: Tensor
  /// The largest distance of a picture that is recognised.
  package let limit: Double

  /// The share of real pictures that are recognised among the others.
  package static let share = 0.99

  /// - Parameter reference: the judge's features of real pictures [R, D]
  /// - Returns: nil for fewer than 20 pictures, whose quantile says nothing
  package init?(_ reference: Tensor) {
    guard reference.rank == 2, reference.size(0) >= 20 else { return nil }
    let rows = reference.to(.cpu, .float32)
    let nearest = withoutGradients { Self.nearest(rows, rows, skippingItself: true) }.sorted()
    known = rows
    limit = nearest[min(nearest.count - 1, Int(Self.share * Double(nearest.count)))]
  }

  /// Features [N, D] -> for each picture, whether it is unlike all that the judge knows
  package func unrecognised(_ features: Tensor) -> [Bool] {
    guard features.size(0) > 0 else { return [] }
    return withoutGradients { Self.nearest(features.to(.cpu, .float32), known) }
      .map { $0 > limit }
  }

  /// The distance of each row of `x` [N, D] to the nearest of `y` [R, D].
  private static func nearest(
    _ x: Tensor, _ y: Tensor, skippingItself: Bool = false
  ) -> [Double] {
    stride(from: 0, to: x.size(0), by: 256).flatMap { first -> [Double] in
      let n = min(256, x.size(0) - first)
      let rows = x.narrowed(0, first, n)
      // |a - b|^2 = |a|^2 - 2 a b + |b|^2
      let (a, b) = (rows.squared().sum(1), y.squared().sum(1))
      let squares = a.unsqueezed(1) - 2 * rows.matmul(y.transposed(0, 1)) + b.unsqueezed(0)
      guard skippingItself else { return squares.min(1).doubles.map { max(0, $0).squareRoot() } }
      return squares.doubles.chunked(y.size(0)).enumerated().map { i, row in
        let least =
          row.indices.lazy.filter { $0 != first + i }
          .map { row[$0] }.min() ?? 0
        return max(0, least).squareRoot()
      }
    }
  }
}
