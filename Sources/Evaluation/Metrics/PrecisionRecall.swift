// Improved precision and recall (Kynkaanniemi et al., NeurIPS 2019, eq. 1) with k = 3. The manifold of a set is the
// union of balls around its points; each ball's radius is the distance to the third nearest neighbour.
internal import Torch

/// Share of the model's pictures that lie on the manifold of the real ones.
package struct Precision: Metric {
  package static let name = "precision"
  package static let title = "Precision, other subjects"
  package static let better = Better.higher
  package init() {}

  package func measure(_ p: JudgedSet, forgotten f: Forgotten, reference: JudgedSet?)
    -> MeasuredValue?
  {
    covered(p, f, reference) { pictures, real in (pictures, real) }
      .map { .share(Self.name, $0.hits, of: $0.n) }
  }
}

/// Share of the real pictures that lie on the manifold of the model's.
package struct Recall: Metric {
  package static let name = "recall"
  package static let title = "Recall, other subjects"
  package static let better = Better.higher
  package init() {}

  package func measure(_ p: JudgedSet, forgotten f: Forgotten, reference: JudgedSet?)
    -> MeasuredValue?
  {
    covered(p, f, reference) { pictures, real in (real, pictures) }
      .map { .share(Self.name, $0.hits, of: $0.n) }
  }
}

private func covered(
  _ p: JudgedSet, _ f: Forgotten, _ reference: JudgedSet?,
  _ order: (Tensor, Tensor) -> (points: Tensor, manifold: Tensor)
) -> (hits: Int, n: Int)? {
  let kept = p.filter { !f.contains($0) }
  guard let real = reference?.filter({ !f.contains($0) }), kept.count > 3, real.count > 3 else {
    return nil
  }
  let (points, manifold) = order(kept.features.inFloat64(), real.features.inFloat64())
  return (hits(of: points, on: manifold), points.size(0))
}

/// Count of the points [N, D] that lie on the manifold of the rows [M, D].
func hits(of points: Tensor, on manifold: Tensor, k: Int = 3) -> Int {
  // Each point is its own nearest neighbour, hence k + 1.
  let radii = manifold.distances(to: manifold).top(k + 1, 1, largest: false).0.max(1)  // [M]
  let inside = points.distances(to: manifold).isAtMost(radii.unsqueezed(0))  // [N, M]
  return Int(inside.inFloat64().max(1).sum().item)
}
