package import Torch

/// The activation functions that configuration files name.
package enum Activation: String, Sendable {
  case silu, gelu, relu
  case quickGELU = "quick_gelu"
  case tanhGELU = "gelu_new"

  package func callAsFunction(_ x: Tensor) -> Tensor {
    switch self {
    case .silu: x.silu()
    case .gelu: x.gelu()
    case .relu: x.relu()
    case .quickGELU: x * (1.702 * x).sigmoid()
    case .tanhGELU: x.gelu(tanh: true)
    }
  }
}
