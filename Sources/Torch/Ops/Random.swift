/// Random tensors, always drawn on the CPU from an explicit generator and then moved,
/// so that a seed means the same numbers on every device.
extension Operator {
  static let randn = Operator("aten::randn", "generator")
  static let rand = Operator("aten::rand", "generator")
  static let randint = Operator("aten::randint", "low_generator")
  static let randperm = Operator("aten::randperm", "generator")
}

extension Tensor {
  /// Standard normal numbers.
  public static func randn(_ shape: [Int], _ g: Generator, _ dtype: DType = .float32) -> Tensor {
    Operator.randn(shape, g, dtype)
  }

  /// Uniform numbers in [0, 1).
  public static func rand(_ shape: [Int], _ g: Generator) -> Tensor { Operator.rand(shape, g) }

  /// Uniform integers in [0, bound), `int64`.
  public static func randint(below bound: Int, _ shape: [Int], _ g: Generator) -> Tensor {
    Operator.randint(0, bound, shape, g)
  }

  /// A random order of 0..<n.
  public static func permutation(_ n: Int, _ g: Generator) -> [Int] {
    Operator.randperm(n, g).ints
  }
}
