public import Torch

/// A table of vectors [count, width].
public struct Embedding {
  public let weight: Tensor

  public init(_ s: Scope, _ count: Int, _ width: Int) {
    weight = s.parameter("weight", [count, width], .normal(0.02))
  }

  /// [...] indices -> [..., width]
  public func callAsFunction(_ indices: Tensor) -> Tensor { weight.embedding(indices) }
}
