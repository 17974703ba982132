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
  public func sum() -> Tensor { Operator.sum(self) }
  public func sum(_ dimensions: Int..., keepDimensions: Bool = false) -> Tensor {
    Operator.sumDimensions(self, dimensions, keepDimensions)
  }
  public func mean() -> Tensor { Operator.mean(self) }
  public func mean(_ dimensions: Int..., keepDimensions: Bool = false) -> Tensor {
    Operator.meanDimensions(self, dimensions, keepDimensions)
  }

  /// Variance over `dimensions`; `correction` 1 divides by n - 1.
  public func variance(
    _ dimensions: Int..., correction: Int = 1, keepDimensions: Bool = false
  ) -> Tensor { Operator.variance(self, dimensions, correction, keepDimensions) }

  public func max(_ dimensions: Int..., keepDimensions: Bool = false) -> Tensor {
    Operator.amax(self, dimensions, keepDimensions)
  }
  public func min(_ dimensions: Int..., keepDimensions: Bool = false) -> Tensor {
    Operator.amin(self, dimensions, keepDimensions)
  }
  public var all: Bool { Operator.every(self).item != 0 }

  /// Inner product of two vectors, [n] . [n].
  public func dot(_ other: Tensor) -> Tensor { Operator.dot(self, other) }

  /// Euclidean norm of all elements.
  public func norm() -> Tensor { Operator.norm(self, 2) }
  public func norm(_ dimension: Int, keepDimensions: Bool = false) -> Tensor {
    Operator.norm(self, 2, [dimension], keepDimensions)
  }
  public func logSumExp(_ dimension: Int) -> Tensor { Operator.logsumexp(self, [dimension]) }
  public func quantile(_ q: Double) -> Tensor { Operator.quantile(self, q) }
}
