internal import Foundation
internal import Torch
internal import TorchNN

/// Sinusoids of (possibly fractional) timesteps, diffusers `get_timestep_embedding`:
/// [B] -> [B, width], frequencies 10000^(-i / (width/2 - shift)).
func sinusoids(_ t: Tensor, _ width: Int, flipSinToCos: Bool, shift: Double) -> Tensor {
  let half = width / 2
  let exponent =
    Tensor.arange(0, Double(half), on: t.device) * -Foundation.log(10000.0)
    / (Double(half) - shift)
  let angles = t.to(.float32).unsqueezed(1) * exponent.exp().unsqueezed(0)
  let (sin, cos) = (angles.sin(), angles.cos())
  return Tensor.concatenate(flipSinToCos ? [cos, sin] : [sin, cos], -1)
}

/// Two linear layers with SiLU between, diffusers `TimestepEmbedding`.
struct TimestepEmbedding {
  let linear1: Linear
  let linear2: Linear
  private let condition: Linear?

  /// - Parameter condition: width of an embedding that is projected onto the sinusoids; nil for none
  init(_ s: Scope, _ input: Int, _ width: Int, condition: Int? = nil) {
    linear1 = Linear(s["linear_1"], input, width, ofOneRow: true)
    self.condition = condition.map {
      Linear(s["cond_proj"], $0, input, bias: false, ofOneRow: true)
    }
    linear2 = Linear(s["linear_2"], width, width, ofOneRow: true)
  }

  func callAsFunction(_ x: Tensor, _ embedding: Tensor? = nil) -> Tensor {
    guard let condition, let embedding else { return linear2(linear1(x).silu()) }
    return linear2(linear1(x + condition(embedding)).silu())
  }
}

/// The guidance scale as a distilled network is told it (Luo et al., 2023): sines and cosines of 1000 (s - 1) [1,
/// width].
func guidanceEmbedding(_ scale: Double, _ width: Int, on device: Device = .cpu) -> Tensor {
  let half = width / 2
  let frequencies =
    (Tensor.arange(0, Double(half), on: device)
    * (-Foundation.log(10000.0) / Double(half - 1))).exp()
  let angles = (frequencies * (1000 * (scale - 1))).unsqueezed(0)
  return Tensor.concatenate([angles.sin(), angles.cos()], 1)
}

/// SDXL's addition to the time: the pooled prompt beside sinusoids of six sizes, diffusers' `text_time`.
struct TextTimeEmbedding {
  private let embedding: TimestepEmbedding
  private let each: Int
  private let flipSinToCos: Bool
  private let shift: Double
  let pooledWidth: Int

  /// - Parameters:
  ///   - input: width of both together
  ///   - each: sinusoids of one size
  init(
    _ s: Scope, _ input: Int, each: Int, width: Int, flipSinToCos: Bool, shift: Double
  ) {
    embedding = TimestepEmbedding(s, input, width)
    (self.each, self.flipSinToCos, self.shift) = (each, flipSinToCos, shift)
    pooledWidth = input - 6 * each
  }

  /// pooled [B, P], sizes [6] -> [B, width]
  func callAsFunction(_ pooled: Tensor, sizes: Tensor) -> Tensor {
    let waves = sinusoids(sizes, each, flipSinToCos: flipSinToCos, shift: shift)
      .reshaped(1, 6 * each).expanded(pooled.size(0), 6 * each).to(pooled.dtype)
    return embedding(Tensor.concatenate([pooled, waves], 1))
  }
}
