internal import Torch

/// The beginning of a parameter that is not loaded.
package enum Initializer: Sendable {
  case zeros
  case ones
  case constant(Double)
  case normal(Double)
  /// Uniform in +-`bound`.
  case uniform(Double)

  /// PyTorch's default for linear and convolution weights and biases: +-1 / sqrt(fan in).
  package static func fanIn(_ count: Int) -> Initializer {
    .uniform(1 / Double(max(1, count)).squareRoot())
  }

  func tensor(_ shape: [Int], _ g: Generator) -> Tensor {
    switch self {
    case .zeros: .zeros(shape)
    case .ones: .ones(shape)
    case .constant(let value): .full(shape, value)
    case .normal(let deviation): Tensor.randn(shape, g) * deviation
    case .uniform(let bound): Tensor.rand(shape, g) * (2 * bound) - bound
    }
  }
}
