// diffusers `AutoencoderKL` (Kingma & Welling, 2014; Rombach et al., 2022, section 3.1).
package import Torch
package import TorchNN

package final class AutoencoderKL: LatentCodec {
  package let latentChannels: Int
  /// Pixels per latent pixel, in each direction.
  package let factor: Int
  package let scalingFactor: Double

  private let encoder: VAEEncoder
  private let decoder: VAEDecoder
  private let quantConv: Conv2d?
  private let postQuantConv: Conv2d?

  private static let mostLevels = 16
  private static let accepted: [String: [JSON]] = [
    "_class_name": ["AutoencoderKL"], "act_fn": ["silu"], "in_channels": [3], "out_channels": [3],
    "shift_factor": [.null],
    "latents_mean": [.null], "latents_std": [.null],
  ]

  package init(_ s: Scope, _ config: ComponentConfig) throws {
    try config.accept(Self.accepted)
    for (key, type) in [
      ("down_block_types", "DownEncoderBlock2D"), ("up_block_types", "UpDecoderBlock2D"),
    ] where try !config.strings(key).allSatisfy({ $0 == type }) {
      throw config.refusing(key, "supported: \(type)")
    }
    let channels = try config.ints("block_out_channels", [64])
    latentChannels = try config.int("latent_channels", 4)
    guard channels.count <= Self.mostLevels else {
      throw config.refusing("block_out_channels", "at most \(Self.mostLevels) levels are supported")
    }
    factor = 1 << (channels.count - 1)
    scalingFactor = try config.positive("scaling_factor", 0.18215)
    let shape = VAEShape(
      channels: channels, layers: try config.int("layers_per_block", 1),
      groups: try config.int("norm_num_groups", 32), image: try config.int("in_channels", 3),
      latent: latentChannels, attention: try config.bool("mid_block_add_attention", true))
    for width in channels {
      try config.check(shape.groups, divides: width, "norm_num_groups", "channels of a level")
    }
    try s.check(layers: 2 * channels.count * shape.layers, key: "layers_per_block")
    encoder = VAEEncoder(s["encoder"], shape)
    decoder = VAEDecoder(s["decoder"], shape)
    let twice = 2 * latentChannels
    quantConv =
      try config.bool("use_quant_conv", true)
      ? Conv2d(s["quant_conv"], twice, twice, kernel: 1) : nil
    postQuantConv =
      try config.bool("use_post_quant_conv", true)
      ? Conv2d(s["post_quant_conv"], latentChannels, latentChannels, kernel: 1) : nil
  }

  /// Mean and log variance of q(z | image), unscaled: image [B, 3, H, W] in [-1, 1] -> 2 x [B, z, h, w]
  package func posterior(_ image: Tensor) -> (mean: Tensor, logVariance: Tensor) {
    let h = encoder(image)
    let parts = (quantConv?(h) ?? h).chunks(2, 1)
    return (parts[0], parts[1].clamped(-30, 20))
  }

  /// Unscaled latents -> image.
  package func reconstruct(_ z: Tensor) -> Tensor { decoder(postQuantConv?(z) ?? z) }
}

struct VAEShape {
  var channels: [Int]
  var layers: Int
  var groups: Int
  var image: Int
  var latent: Int
  var attention: Bool
  let eps = 1e-6

  func resnet(_ s: Scope, _ i: Int, _ o: Int) -> ResnetBlock2D {
    ResnetBlock2D(s, in: i, out: o, time: nil, groups: groups, eps: eps)
  }
}

private struct VAEEncoder {
  struct Block {
    let resnets: [ResnetBlock2D]
    let downsampler: Downsample2D?
  }
  let convIn: Conv2d
  let blocks: [Block]
  let mid: VAEMidBlock
  let convNormOut: GroupNorm
  let convOut: Conv2d

  init(_ s: Scope, _ shape: VAEShape) {
    let c = shape.channels
    let last = c[c.count - 1]
    convIn = Conv2d(s["conv_in"], shape.image, c[0], kernel: 3, padding: 1)
    blocks = c.indices.map { i in
      let b = s["down_blocks"][i]
      return Block(
        resnets: (0..<shape.layers).map {
          shape.resnet(b["resnets"][$0], $0 == 0 && i > 0 ? c[i - 1] : c[i], c[i])
        },
        downsampler: i < c.count - 1
          ? Downsample2D(b["downsamplers"][0], c[i], padsAfter: true) : nil)
    }
    mid = VAEMidBlock(s["mid_block"], last, shape)
    convNormOut = GroupNorm(
      s["conv_norm_out"], groups: shape.groups, channels: last, eps: shape.eps)
    convOut = Conv2d(s["conv_out"], last, 2 * shape.latent, kernel: 3, padding: 1)
  }

  func callAsFunction(_ x: Tensor) -> Tensor {
    var h = convIn(x)
    for block in blocks {
      for resnet in block.resnets { h = resnet(h) }
      h = block.downsampler?(h) ?? h
    }
    return convOut(convNormOut(mid(h)).silu())
  }
}

private struct VAEDecoder {
  struct Block {
    let resnets: [ResnetBlock2D]
    let upsampler: Upsample2D?
  }
  let convIn: Conv2d
  let mid: VAEMidBlock
  let blocks: [Block]
  let convNormOut: GroupNorm
  let convOut: Conv2d

  init(_ s: Scope, _ shape: VAEShape) {
    let c = Array(shape.channels.reversed())
    convIn = Conv2d(s["conv_in"], shape.latent, c[0], kernel: 3, padding: 1)
    mid = VAEMidBlock(s["mid_block"], c[0], shape)
    blocks = c.indices.map { i in
      let b = s["up_blocks"][i]
      return Block(
        resnets: (0...shape.layers).map {
          shape.resnet(b["resnets"][$0], $0 == 0 && i > 0 ? c[i - 1] : c[i], c[i])
        },
        upsampler: i < c.count - 1 ? Upsample2D(b["upsamplers"][0], c[i]) : nil)
    }
    let last = c[c.count - 1]
    convNormOut = GroupNorm(
      s["conv_norm_out"], groups: shape.groups, channels: last, eps: shape.eps)
    convOut = Conv2d(s["conv_out"], last, shape.image, kernel: 3, padding: 1)
  }

  func callAsFunction(_ z: Tensor) -> Tensor {
    var h = mid(convIn(z))
    for block in blocks {
      for resnet in block.resnets { h = resnet(h) }
      h = block.upsampler?(h) ?? h
    }
    return convOut(convNormOut(h).silu())
  }
}

/// diffusers `UNetMidBlock2D`: one head of attention over all pixels between two resnets.
private struct VAEMidBlock {
  let first: ResnetBlock2D
  let attention: PixelAttention?
  let second: ResnetBlock2D

  init(_ s: Scope, _ channels: Int, _ shape: VAEShape) {
    first = shape.resnet(s["resnets"][0], channels, channels)
    attention =
      shape.attention
      ? PixelAttention(
        s["attentions"][0], channels, heads: 1, groups: shape.groups, eps: shape.eps) : nil
    second = shape.resnet(s["resnets"][1], channels, channels)
  }

  func callAsFunction(_ x: Tensor) -> Tensor {
    let h = first(x)
    return second(attention?(h) ?? h)
  }
}
