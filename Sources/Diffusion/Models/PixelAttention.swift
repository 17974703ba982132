internal import Torch
internal import TorchNN

/// The layer after each residual block of a U-Net's level: attention over the pixels, for some models also to the
/// prompt.
protocol FeatureAttention {
  /// x [B, C, H, W], context [B, M, D] -> [B, C, H, W]
  func callAsFunction(_ x: Tensor, _ context: Tensor, _ prompt: PromptContext) -> Tensor
}

/// diffusers `Attention` over the pixels of a feature map, with a residual: that of a VAE and of `UNet2DModel`.
struct PixelAttention: FeatureAttention {
  let norm: GroupNorm
  let attention: Attention

  init(_ s: Scope, _ channels: Int, heads: Int, groups: Int, eps: Double) {
    norm = GroupNorm(s["group_norm"], groups: groups, channels: channels, eps: eps)
    attention = Attention(s, channels, heads: heads, bias: true)
  }

  /// Names before diffusers 0.15, and what they are called since.
  static let oldNames = [
    "query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0",
  ]

  func callAsFunction(_ x: Tensor) -> Tensor {
    let tokens = norm(x.flattened(from: 2)).transposed(1, 2)  // [B, H W, C]
    // The tokens first: their strides put channels last, the sum keeps them, and so do the convolutions
    // after it, which are faster that way (docs/results/performance.md).
    return attention(tokens).transposed(1, 2).reshaped(x.shape) + x
  }

  func callAsFunction(_ x: Tensor, _ context: Tensor, _ prompt: PromptContext) -> Tensor { self(x) }
}
