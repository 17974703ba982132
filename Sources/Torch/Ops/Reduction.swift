/// Sums, means and extremes.
extension Operator {
  static let sum = Operator("aten::sum")
  static let sumDimensions = Operator("aten::sum", "dim_IntList")
  static let mean = Operator("aten::mean")
  static let meanDimensions = Operator("aten::mean", "dim")
  static let variance = Operator("aten::var", "correction")
  static let amax = Operator("aten::amax")
  static let amin = Operator("aten::amin")
  static let every = Operator("aten::all")
  static let dot = Operator("aten::dot")
  static let norm = Operator("aten::linalg_vector_norm")
  static let logsumexp = Operator("aten::logsumexp")
  static let quantile = Operator("aten::quantile", "scalar")
}

extension Tensor {
  /// Sum of all elements, as a tensor of one number.
  public func sum() -> Tensor { Operator.sum(self) }
  /// Sums over `dimensions`, which stay with size 1 where they are kept.
  public func sum(_ dimensions: Int..., keepDimensions: Bool = false) -> Tensor {
    Operator.sumDimensions(self, dimensions, keepDimensions)
  }
  /// Mean of all elements, as a tensor of one number.
  public func mean() -> Tensor { Operator.mean(self) }
  /// Means over `dimensions`, which stay with size 1 where they are kept.
  public func mean(_ dimensions: Int..., keepDimensions: Bool = false) -> Tensor {
    Operator.meanDimensions(self, dimensions, keepDimensions)
  }

  /// Variance over `dimensions`; `correction` 1 divides by n - 1.
  public func variance(
    _ dimensions: Int..., correction: Int = 1, keepDimensions: Bool = false
  ) -> Tensor { Operator.variance(self, dimensions, correction, keepDimensions) }

  /// Largest elements over `dimensions`, over all where none is named.
  public func max(_ dimensions: Int..., keepDimensions: Bool = false) -> Tensor {
    Operator.amax(self, dimensions, keepDimensions)
  }
  /// Smallest elements over `dimensions`, over all where none is named.
  public func min(_ dimensions: Int..., keepDimensions: Bool = false) -> Tensor {
    Operator.amin(self, dimensions, keepDimensions)
  }
  /// Whether no element is 0.
  public var all: Bool { Operator.every(self).item != 0 }

  /// Inner product of two vectors, [n] . [n].
  public func dot(_ other: Tensor) -> Tensor { Operator.dot(self, other) }

  /// Euclidean norm of all elements.
  public func norm() -> Tensor { Operator.norm(self, 2) }
  /// Euclidean norms along a dimension.
  public func norm(_ dimension: Int, keepDimensions: Bool = false) -> Tensor {
    Operator.norm(self, 2, [dimension], keepDimensions)
  }
  /// log sum e^x along a dimension.
  public func logSumExp(_ dimension: Int) -> Tensor { Operator.logsumexp(self, [dimension]) }
  /// The q-quantile of all elements, 0 to 1, interpolated between neighbours.
  public func quantile(_ q: Double) -> Tensor { Operator.quantile(self, q) }
  /// The q-quantiles along a dimension.
  public func quantile(_ q: Double, along dimension: Int) -> Tensor {
    Operator.quantile(self, q, dimension)
  }
}
