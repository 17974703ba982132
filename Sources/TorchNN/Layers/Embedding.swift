public import Torch

/// A table of vectors [count, width].
public struct Embedding {
  public let weight: Tensor

  public init(_ s: Scope, _ count: Int, _ width: Int, deviation: Double = 0.02) {
    weight = s.parameter("weight", [count, width], .normal(deviation))
  }

  /// [...] indices -> [..., width]
  public func callAsFunction(_ indices: Tensor) -> Tensor { weight.embedding(indices) }
}
