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
  public static func + (a: Tensor, b: Tensor) -> Tensor { Operator.add(a, b) }
  public static func + (a: Tensor, b: Double) -> Tensor { Operator.addScalar(a, b) }
  public static func + (a: Double, b: Tensor) -> Tensor { Operator.addScalar(b, a) }
  public static func - (a: Tensor, b: Tensor) -> Tensor { Operator.sub(a, b) }
  public static func - (a: Tensor, b: Double) -> Tensor { Operator.addScalar(a, -b) }
  public static func - (a: Double, b: Tensor) -> Tensor { Operator.rsub(b, a) }
  public static func * (a: Tensor, b: Tensor) -> Tensor { Operator.mul(a, b) }
  public static func * (a: Tensor, b: Double) -> Tensor { Operator.mulScalar(a, b) }
  public static func * (a: Double, b: Tensor) -> Tensor { Operator.mulScalar(b, a) }
  public static func / (a: Tensor, b: Tensor) -> Tensor { Operator.div(a, b) }
  public static func / (a: Tensor, b: Double) -> Tensor { Operator.div(a, Tensor.scalar(b)) }
  public static func / (a: Double, b: Tensor) -> Tensor { Operator.reciprocal(b) * a }
  public static prefix func - (a: Tensor) -> Tensor { Operator.neg(a) }

  /// `aten::add` with a factor: self + factor . other.
  public func adding(_ other: Tensor, times factor: Double) -> Tensor {
    Operator.add(self, other, factor)
  }

  public func pow(_ exponent: Double) -> Tensor { Operator.power(self, exponent) }
  public func squared() -> Tensor { Operator.mul(self, self) }
  public func sqrt() -> Tensor { Operator.sqrt(self) }
  public func rsqrt() -> Tensor { Operator.rsqrt(self) }
  public func exp() -> Tensor { Operator.exp(self) }
  public func log() -> Tensor { Operator.log(self) }
  public func sin() -> Tensor { Operator.sin(self) }
  public func cos() -> Tensor { Operator.cos(self) }
  public func tanh() -> Tensor { Operator.tanh(self) }
  public func sigmoid() -> Tensor { Operator.sigmoid(self) }
  public func abs() -> Tensor { Operator.abs(self) }
  public func sign() -> Tensor { Operator.sign(self) }
  public func rounded() -> Tensor { Operator.round(self) }
  public func floor() -> Tensor { Operator.floor(self) }
  public func clamped(_ low: Double?, _ high: Double?) -> Tensor {
    Operator.clamp(self, low, high)
  }
  public func maximum(_ other: Tensor) -> Tensor { Operator.maximum(self, other) }
  public func minimum(_ other: Tensor) -> Tensor { Operator.minimum(self, other) }
  public func cumulativeProduct(_ dimension: Int) -> Tensor { Operator.cumprod(self, dimension) }
  public func cumulativeSum(_ dimension: Int) -> Tensor { Operator.cumsum(self, dimension) }

  /// `aten::addcmul`: self + factor . a . b.
  public func addingProduct(_ a: Tensor, _ b: Tensor, times factor: Double = 1) -> Tensor {
    Operator.addcmul(self, a, b, factor)
  }

  /// `aten::lerp`: self + weight . (end - self).
  public func lerp(to end: Tensor, _ weight: Tensor) -> Tensor { Operator.lerp(self, end, weight) }

  // In place, for optimizers and stores.
  public func add(_ other: Tensor, times factor: Double = 1) {
    Operator.addInPlace(self, other, factor)
  }
  public func scale(by factor: Double) { Operator.mulInPlace(self, factor) }
  public func copy(from other: Tensor) {
    HostTraffic.moved(from: other.device, to: device)
    Operator.copyInPlace(self, other)
  }
  public func zero() { Operator.zeroInPlace(self) }
}
