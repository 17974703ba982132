package import Torch
package import TorchNN

/// Numbers by parameter path: gradients, erasers, masks. Sparse: what is absent is zero.
package struct ParameterVector {
  package var tensors: [ParameterPath: Tensor]

  package init(_ tensors: [ParameterPath: Tensor] = [:]) { self.tensors = tensors }

  package static var zero: ParameterVector { ParameterVector() }

  package static func + (a: Self, b: Self) -> Self {
    Self(a.tensors.merging(b.tensors) { $0 + $1 })
  }
  package static func - (a: Self, b: Self) -> Self { a + (-1.0 * b) }
  package static func * (s: Double, a: Self) -> Self { a.map { s * $1 } }

  /// Inner product, summed in float64.
  package func dot(_ other: Self) -> Double {
    tensors.reduce(0) { sum, entry in
      guard let b = other.tensors[entry.key] else { return sum }
      return sum + (entry.value.to(.float64) * b.to(.float64)).sum().item
    }
  }
  package var norm: Double { dot(self).squareRoot() }

  package func map(_ f: (ParameterPath, Tensor) -> Tensor) -> Self {
    Self(Dictionary(uniqueKeysWithValues: tensors.map { ($0, f($0, $1)) }))
  }

  package var paths: [ParameterPath] { tensors.keys.sorted() }
  package var count: Int { tensors.values.reduce(0) { $0 + $1.count } }
}
