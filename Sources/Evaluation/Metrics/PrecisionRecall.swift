// Improved precision and recall (Kynkaanniemi et al., 2019), k = 3: the manifold of a set is the
// union of balls around its points that reach their third neighbour.
internal import Torch

/// Share of the model's pictures that lie on the manifold of real ones.
package struct Precision: Metric {
  package static let name = "precision"
  package static let title = "Precision, retained themes"
  package static let better = Better.higher
  package init() {}

  package func measure(_ p: JudgedSet, forgotten f: Forgotten, reference: JudgedSet?)
    -> MeasuredValue?
  {
    covered(p, f, reference) { pictures, real in (pictures, real) }
      .map { .share(Self.name, $0.hits, of: $0.n) }
  }
}

/// Share of real pictures that lie on the manifold of the model's.
package struct Recall: Metric {
  package static let name = "recall"
  package static let title = "Recall, retained themes"
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
  let (points, manifold) = order(kept.features.to(.float64), real.features.to(.float64))
  return (hits(of: points, on: manifold), points.size(0))
}

/// How many of `points` [N, D] lie within the k-th neighbour distance of some row of `manifold`.
func hits(of points: Tensor, on manifold: Tensor, k: Int = 3) -> Int {
  // The nearest "neighbour" of a point in its own set is itself.
  let radii = manifold.distances(to: manifold).top(k + 1, 1, largest: false).0.max(1)  // [M]
  let inside = points.distances(to: manifold).isAtMost(radii.unsqueezed(0))  // [N, M]
  return Int(inside.to(.float64).max(1).sum().item)
}
