/// Elementwise arithmetic. Shapes broadcast as in ATen.
extension Operator {
  static let add = Operator("aten::add", "Tensor")
  static let addScalar = Operator("aten::add", "Scalar")
  static let sub = Operator("aten::sub", "Tensor")
  static let mul = Operator("aten::mul", "Tensor")
  static let mulScalar = Operator("aten::mul", "Scalar")
  static let div = Operator("aten::div", "Tensor")
  static let rsub = Operator("aten::rsub", "Scalar")
  static let neg = Operator("aten::neg")
  static let power = Operator("aten::pow", "Tensor_Scalar")
  static let sqrt = Operator("aten::sqrt")
  static let rsqrt = Operator("aten::rsqrt")
  static let reciprocal = Operator("aten::reciprocal")
  static let exp = Operator("aten::exp")
  static let log = Operator("aten::log")
  static let sin = Operator("aten::sin")
  static let cos = Operator("aten::cos")
  static let tanh = Operator("aten::tanh")
  static let sigmoid = Operator("aten::sigmoid")
  static let abs = Operator("aten::abs")
  static let sign = Operator("aten::sign")
  static let round = Operator("aten::round")
  static let floor = Operator("aten::floor")
  static let clamp = Operator("aten::clamp")
  static let maximum = Operator("aten::maximum")
  static let minimum = Operator("aten::minimum")
  static let cumprod = Operator("aten::cumprod")
  static let cumsum = Operator("aten::cumsum")
  static let addInPlace = Operator("aten::add_", "Tensor")
  static let mulInPlace = Operator("aten::mul_", "Scalar")
  static let copyInPlace = Operator("aten::copy_")
  static let zeroInPlace = Operator("aten::zero_")
  static let lerp = Operator("aten::lerp", "Tensor")
}

extension Tensor {
  /// a + b by element; shapes are broadcast, and types promoted.
  public static func + (a: Tensor, b: Tensor) -> Tensor { Operator.add(a, b) }
  /// a + b for each element of a.
  public static func + (a: Tensor, b: Double) -> Tensor { Operator.addScalar(a, b) }
  /// a + b for each element of b.
  public static func + (a: Double, b: Tensor) -> Tensor { Operator.addScalar(b, a) }
  /// a - b by element; shapes are broadcast, and types promoted.
  public static func - (a: Tensor, b: Tensor) -> Tensor { Operator.sub(a, b) }
  /// a - b for each element of a.
  public static func - (a: Tensor, b: Double) -> Tensor { Operator.addScalar(a, -b) }
  /// a - b for each element of b.
  public static func - (a: Double, b: Tensor) -> Tensor { Operator.rsub(b, a) }
  /// a b by element; shapes are broadcast, and types promoted.
  public static func * (a: Tensor, b: Tensor) -> Tensor { Operator.mul(a, b) }
  /// a b for each element of a.
  public static func * (a: Tensor, b: Double) -> Tensor { Operator.mulScalar(a, b) }
  /// a b for each element of b.
  public static func * (a: Double, b: Tensor) -> Tensor { Operator.mulScalar(b, a) }
  /// a / b by element; shapes are broadcast, and types promoted.
  public static func / (a: Tensor, b: Tensor) -> Tensor { Operator.div(a, b) }
  /// a / b for each element of a.
  public static func / (a: Tensor, b: Double) -> Tensor { Operator.div(a, Tensor.scalar(b)) }
  /// a / b for each element of b, as (1 / b) a.
  public static func / (a: Double, b: Tensor) -> Tensor { Operator.reciprocal(b) * a }
  /// -a by element.
  public static prefix func - (a: Tensor) -> Tensor { Operator.neg(a) }

  /// `aten::add` with a factor: self + factor . other.
  public func adding(_ other: Tensor, times factor: Double) -> Tensor {
    Operator.add(self, other, factor)
  }

  /// x^exponent by element.
  public func pow(_ exponent: Double) -> Tensor { Operator.power(self, exponent) }
  /// x^2 by element.
  public func squared() -> Tensor { Operator.mul(self, self) }
  /// Square root by element; NaN below 0.
  public func sqrt() -> Tensor { Operator.sqrt(self) }
  /// 1 / sqrt(x) by element.
  public func rsqrt() -> Tensor { Operator.rsqrt(self) }
  /// e^x by element.
  public func exp() -> Tensor { Operator.exp(self) }
  /// Natural logarithm by element; NaN below 0.
  public func log() -> Tensor { Operator.log(self) }
  /// Sine by element, of radians.
  public func sin() -> Tensor { Operator.sin(self) }
  /// Cosine by element, of radians.
  public func cos() -> Tensor { Operator.cos(self) }
  /// Hyperbolic tangent by element.
  public func tanh() -> Tensor { Operator.tanh(self) }
  /// 1 / (1 + e^-x) by element.
  public func sigmoid() -> Tensor { Operator.sigmoid(self) }
  /// |x| by element.
  public func abs() -> Tensor { Operator.abs(self) }
  /// -1, 0 or 1 by element.
  public func sign() -> Tensor { Operator.sign(self) }
  /// The nearest whole number by element; halves go to the even one.
  public func rounded() -> Tensor { Operator.round(self) }
  /// The largest whole number that is not above x, by element.
  public func floor() -> Tensor { Operator.floor(self) }
  /// Elements cut to `low ... high`; nil leaves a side open.
  public func clamped(_ low: Double?, _ high: Double?) -> Tensor {
    Operator.clamp(self, low, high)
  }
  /// The larger element of both; shapes are broadcast.
  public func maximum(_ other: Tensor) -> Tensor { Operator.maximum(self, other) }
  /// The smaller element of both; shapes are broadcast.
  public func minimum(_ other: Tensor) -> Tensor { Operator.minimum(self, other) }
  /// Products of the elements up to each along a dimension, in the same shape.
  public func cumulativeProduct(_ dimension: Int) -> Tensor { Operator.cumprod(self, dimension) }
  /// Sums of the elements up to each along a dimension, in the same shape.
  public func cumulativeSum(_ dimension: Int) -> Tensor { Operator.cumsum(self, dimension) }

  /// `aten::lerp`: self + weight . (end - self).
  public func lerp(to end: Tensor, _ weight: Tensor) -> Tensor { Operator.lerp(self, end, weight) }

  // In place, for optimizers and stores.
  /// Adds factor . other in place; `other` is broadcast.
  public func add(_ other: Tensor, times factor: Double = 1) {
    Operator.addInPlace(self, other, factor)
  }
  /// Multiplies by a number in place.
  public func scale(by factor: Double) { Operator.mulInPlace(self, factor) }
  /// Takes the elements of `other` in place, in the type of self; `other` is broadcast.
  public func copy(from other: Tensor) { Operator.copyInPlace(self, other) }
  /// Sets all elements to 0 in place.
  public func zero() { Operator.zeroInPlace(self) }
}
