internal import Foundation
internal import Torch
internal import TorchNN

/// Sinusoids of (possibly fractional) timesteps, diffusers `get_timestep_embedding`:
/// [B] -> [B, width], frequencies 10000^(-i / (width/2 - shift)).
func sinusoids(_ t: Tensor, _ width: Int, flipSinToCos: Bool, shift: Double) -> Tensor {
  let half = width / 2
  let exponent =
    Tensor.arange(0, Double(half)) * -Foundation.log(10000.0) / (Double(half) - shift)
  let angles = t.to(.float32).unsqueezed(1) * exponent.exp().to(t.device).unsqueezed(0)
  let (sin, cos) = (angles.sin(), angles.cos())
  return Tensor.concatenate(flipSinToCos ? [cos, sin] : [sin, cos], -1)
}

/// Two linear layers with SiLU between, diffusers `TimestepEmbedding`.
struct TimestepEmbedding {
  let linear1: Linear
  let linear2: Linear

  init(_ s: Scope, _ input: Int, _ width: Int) {
    linear1 = Linear(s["linear_1"], input, width)
    linear2 = Linear(s["linear_2"], width, width)
  }

  func callAsFunction(_ x: Tensor) -> Tensor { linear2(linear1(x).silu()) }
}
