/// New tensors. On the CPU in `float32` unless said otherwise.
extension Operator {
  static let zeros = Operator("aten::zeros")
  static let full = Operator("aten::full")
  static let zerosLike = Operator("aten::zeros_like")
  static let onesLike = Operator("aten::ones_like")
  static let emptyLike = Operator("aten::empty_like")
  static let arange = Operator("aten::arange", "start_step")
  static let linspace = Operator("aten::linspace")
  static let eye = Operator("aten::eye")
}

extension Tensor {
  /// A tensor of zeros.
  public static func zeros(_ shape: [Int], _ dtype: DType = .float32, on device: Device = .cpu)
    -> Tensor
  {
    Operator.zeros(shape, dtype, Int?.none, device)
  }
  /// A tensor of one value.
  public static func full(
    _ shape: [Int], _ value: Double, _ dtype: DType = .float32, on device: Device = .cpu
  ) -> Tensor { Operator.full(shape, value, dtype, Int?.none, device) }
  /// A tensor of ones.
  public static func ones(_ shape: [Int], _ dtype: DType = .float32, on device: Device = .cpu)
    -> Tensor
  {
    full(shape, 1, dtype, on: device)
  }
  /// Zeros of the shape, type and device of `other`.
  public static func zeros(like other: Tensor) -> Tensor { Operator.zerosLike(other) }
  /// Ones of the shape, type and device of `other`.
  public static func ones(like other: Tensor) -> Tensor { Operator.onesLike(other) }

  /// A 0-dimensional `float64` tensor, which takes the other operand's type in arithmetic.
  public static func scalar(_ value: Double) -> Tensor { full([], value, .float64) }

  /// start, start + step, ... below end.
  public static func arange(
    _ start: Double, _ end: Double, step: Double = 1, _ dtype: DType = .float32,
    on device: Device = .cpu
  ) -> Tensor { Operator.arange(start, end, step, dtype, Int?.none, device) }

  /// `count` numbers from `start` to `end` inclusive.
  public static func linspace(
    _ start: Double, _ end: Double, _ count: Int, _ dtype: DType = .float32
  ) -> Tensor { Operator.linspace(start, end, count, dtype) }

  /// The identity matrix, [n, n].
  public static func identity(_ n: Int, _ dtype: DType = .float32) -> Tensor {
    Operator.eye(n, dtype)
  }
}
