/// Comparisons and choices; results are `bool` tensors unless said otherwise.
extension Operator {
  static let equal = Operator("aten::eq", "Tensor")
  static let equalScalar = Operator("aten::eq", "Scalar")
  static let lessScalar = Operator("aten::lt", "Scalar")
  static let greaterScalar = Operator("aten::gt", "Scalar")
  static let greaterEqual = Operator("aten::ge", "Tensor")
  static let greaterEqualScalar = Operator("aten::ge", "Scalar")
  static let lessEqual = Operator("aten::le", "Tensor")
  static let logicalNot = Operator("aten::logical_not")
  static let whereSelf = Operator("aten::where", "self")
  static let isfinite = Operator("aten::isfinite")
  static let argmax = Operator("aten::argmax")
  static let sort = Operator("aten::sort")
  static let topk = Operator("aten::topk")
}

extension Tensor {
  /// Whether elements are equal, as `bool`; shapes are broadcast.
  public func equals(_ other: Tensor) -> Tensor { Operator.equal(self, other) }
  /// Whether each element is the number, as `bool`.
  public func equals(_ number: Double) -> Tensor { Operator.equalScalar(self, number) }
  /// Whether each element is below the number, as `bool`.
  public func isLess(than number: Double) -> Tensor { Operator.lessScalar(self, number) }
  /// Whether each element is above the number, as `bool`.
  public func isGreater(than number: Double) -> Tensor { Operator.greaterScalar(self, number) }
  /// Whether elements are at least those of `other`, as `bool`; shapes are broadcast.
  public func isAtLeast(_ other: Tensor) -> Tensor { Operator.greaterEqual(self, other) }
  /// Whether each element is at least the number, as `bool`.
  public func isAtLeast(_ number: Double) -> Tensor { Operator.greaterEqualScalar(self, number) }
  /// Whether elements are at most those of `other`, as `bool`; shapes are broadcast.
  public func isAtMost(_ other: Tensor) -> Tensor { Operator.lessEqual(self, other) }
  /// The negation of each element as a truth value, as `bool`.
  public var not: Tensor { Operator.logicalNot(self) }

  /// `aten::where`: `self` is the condition.
  public func select(_ yes: Tensor, else no: Tensor) -> Tensor {
    Operator.whereSelf(self, yes, no)
  }

  /// Whether every element is a number: no NaN, no infinity.
  public var isFinite: Bool { Operator.isfinite(self).all }

  /// Indices of the largest elements, `int64`.
  public func argmax(_ dimension: Int) -> Tensor { Operator.argmax(self, dimension) }
  /// The elements of each row along a dimension in order.
  public func sorted(_ dimension: Int = -1, descending: Bool = false) -> Tensor {
    Operator.sort(self, dimension, descending)
  }

  /// The `k` largest values and their indices along a dimension.
  public func top(_ k: Int, _ dimension: Int = -1, largest: Bool = true) -> (Tensor, Tensor) {
    let found = Operator.topk.all(self, k, dimension, largest)
    return (found[0], found[1])
  }

  /// Whether shape, element type and every bit of both tensors agree.
  public func isIdentical(to other: Tensor) -> Bool {
    shape == other.shape && dtype == other.dtype && bytes == other.bytes
  }
}
