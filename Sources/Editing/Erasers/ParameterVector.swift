public import Torch
public import TorchNN

/// Tensors by parameter path, for gradients, erasers and masks. A path that is absent stands for zeros.
public struct ParameterVector {
  /// The numbers by parameter path; a path that is missing stands for zeros.
  public var tensors: [ParameterPath: Tensor]

  /// A vector of given numbers.
  public init(_ tensors: [ParameterPath: Tensor] = [:]) { self.tensors = tensors }

  /// The vector without any numbers.
  public static var zero: ParameterVector { ParameterVector() }

  /// a + b, path by path.
  public static func + (a: Self, b: Self) -> Self {
    Self(a.tensors.merging(b.tensors) { $0 + $1 })
  }
  /// a - b, path by path.
  public static func - (a: Self, b: Self) -> Self { a + (-1.0 * b) }
  /// s a, path by path.
  public static func * (s: Double, a: Self) -> Self { a.map { s * $1 } }

  /// The sum of parts that agree in the shape of every tensor.
  /// - Throws: ``LetheError`` of the kind `request` for tensors of different shapes, which `+` would repeat to fit
  public static func sum(_ parts: [Self]) throws -> Self {
    try parts.reduce(.zero) { sum, part in
      for path in part.paths {
        guard let a = sum.tensors[path], let b = part.tensors[path], a.shape != b.shape else {
          continue
        }
        throw LetheError.request(
          "two erasers change '\(path)', in shapes \(a.shape) and \(b.shape); accepted: erasers of one model"
        )
      }
      return sum + part
    }
  }

  /// Inner product, summed in float64 in the order of the paths, so that it is the same in every process.
  public func dot(_ other: Self) -> Double {
    paths.reduce(0) { sum, path in
      guard let a = tensors[path], let b = other.tensors[path] else { return sum }
      return sum + (a.inFloat64() * b.inFloat64()).sum().item
    }
  }

  /// The first path, in their order, whose numbers are not all finite; nil where all are.
  public var firstNotFinite: ParameterPath? { paths.first { tensors[$0]?.isFinite == false } }
  /// The Euclidean norm.
  public var norm: Double { dot(self).squareRoot() }

  /// The vector with each tensor changed.
  public func map(_ f: (ParameterPath, Tensor) -> Tensor) -> Self {
    Self(Dictionary(uniqueKeysWithValues: tensors.map { ($0, f($0, $1)) }))
  }

  /// The paths in order.
  public var paths: [ParameterPath] { tensors.keys.sorted() }
  /// Numbers in all tensors.
  public var count: Int { tensors.values.reduce(0) { $0 + $1.count } }
}
