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
  static let addcmul = Operator("aten::addcmul")
  static let lerp = Operator("aten::lerp", "Tensor")
}

extension Tensor {
  package static func + (a: Tensor, b: Tensor) -> Tensor { Operator.add(a, b) }
  package static func + (a: Tensor, b: Double) -> Tensor { Operator.addScalar(a, b) }
  package static func + (a: Double, b: Tensor) -> Tensor { Operator.addScalar(b, a) }
  package static func - (a: Tensor, b: Tensor) -> Tensor { Operator.sub(a, b) }
  package static func - (a: Tensor, b: Double) -> Tensor { Operator.addScalar(a, -b) }
  package static func - (a: Double, b: Tensor) -> Tensor { Operator.rsub(b, a) }
  package static func * (a: Tensor, b: Tensor) -> Tensor { Operator.mul(a, b) }
  package static func * (a: Tensor, b: Double) -> Tensor { Operator.mulScalar(a, b) }
  package static func * (a: Double, b: Tensor) -> Tensor { Operator.mulScalar(b, a) }
  package static func / (a: Tensor, b: Tensor) -> Tensor { Operator.div(a, b) }
  package static func / (a: Tensor, b: Double) -> Tensor { Operator.div(a, Tensor.scalar(b)) }
  package static func / (a: Double, b: Tensor) -> Tensor { Operator.reciprocal(b) * a }
  package static prefix func - (a: Tensor) -> Tensor { Operator.neg(a) }

  /// `aten::add` with a factor: self + factor . other.
  package func adding(_ other: Tensor, times factor: Double) -> Tensor {
    Operator.add(self, other, factor)
  }

  package func pow(_ exponent: Double) -> Tensor { Operator.power(self, exponent) }
  package func squared() -> Tensor { Operator.mul(self, self) }
  package func sqrt() -> Tensor { Operator.sqrt(self) }
  package func rsqrt() -> Tensor { Operator.rsqrt(self) }
  package func exp() -> Tensor { Operator.exp(self) }
  package func log() -> Tensor { Operator.log(self) }
  package func sin() -> Tensor { Operator.sin(self) }
  package func cos() -> Tensor { Operator.cos(self) }
  package func tanh() -> Tensor { Operator.tanh(self) }
  package func sigmoid() -> Tensor { Operator.sigmoid(self) }
  package func abs() -> Tensor { Operator.abs(self) }
  package func sign() -> Tensor { Operator.sign(self) }
  package func rounded() -> Tensor { Operator.round(self) }
  package func floor() -> Tensor { Operator.floor(self) }
  package func clamped(_ low: Double?, _ high: Double?) -> Tensor {
    Operator.clamp(self, low, high)
  }
  package func maximum(_ other: Tensor) -> Tensor { Operator.maximum(self, other) }
  package func minimum(_ other: Tensor) -> Tensor { Operator.minimum(self, other) }
  package func cumulativeProduct(_ dimension: Int) -> Tensor { Operator.cumprod(self, dimension) }
  package func cumulativeSum(_ dimension: Int) -> Tensor { Operator.cumsum(self, dimension) }

  /// `aten::addcmul`: self + factor . a . b.
  package func addingProduct(_ a: Tensor, _ b: Tensor, times factor: Double = 1) -> Tensor {
    Operator.addcmul(self, a, b, factor)
  }

  /// `aten::lerp`: self + weight . (end - self).
  package func lerp(to end: Tensor, _ weight: Tensor) -> Tensor { Operator.lerp(self, end, weight) }

  // In place, for optimizers and stores.
  package func add(_ other: Tensor, times factor: Double = 1) {
    Operator.addInPlace(self, other, factor)
  }
  package func scale(by factor: Double) { Operator.mulInPlace(self, factor) }
  package func copy(from other: Tensor) { Operator.copyInPlace(self, other) }
  package func zero() { Operator.zeroInPlace(self) }
}
