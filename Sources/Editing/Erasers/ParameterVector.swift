public import Torch
public import TorchNN

/// Numbers by parameter path: gradients, erasers, masks. Sparse: what is absent is zero.
public struct ParameterVector {
  public var tensors: [ParameterPath: Tensor]

  public init(_ tensors: [ParameterPath: Tensor] = [:]) { self.tensors = tensors }

  public static var zero: ParameterVector { ParameterVector() }

  public static func + (a: Self, b: Self) -> Self {
    Self(a.tensors.merging(b.tensors) { $0 + $1 })
  }
  public static func - (a: Self, b: Self) -> Self { a + (-1.0 * b) }
  public static func * (s: Double, a: Self) -> Self { a.map { s * $1 } }

  /// Inner product, summed in float64.
  public func dot(_ other: Self) -> Double {
    tensors.reduce(0) { sum, entry in
      guard let b = other.tensors[entry.key] else { return sum }
      return sum + (entry.value.to(.float64) * b.to(.float64)).sum().item
    }
  }
  public var norm: Double { dot(self).squareRoot() }

  public func map(_ f: (ParameterPath, Tensor) -> Tensor) -> Self {
    Self(Dictionary(uniqueKeysWithValues: tensors.map { ($0, f($0, $1)) }))
  }

  public var paths: [ParameterPath] { tensors.keys.sorted() }
  public var count: Int { tensors.values.reduce(0) { $0 + $1.count } }
}
