package import Torch

/// A table of vectors [count, width].
package struct Embedding {
  package let weight: Tensor

  package init(_ s: Scope, _ count: Int, _ width: Int, deviation: Double = 0.02) {
    weight = s.parameter("weight", [count, width], .normal(deviation))
  }

  /// [...] indices -> [..., width]
  package func callAsFunction(_ indices: Tensor) -> Tensor { weight.embedding(indices) }
}
