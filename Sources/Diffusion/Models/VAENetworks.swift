// The two networks of `AutoencoderKL`: from a picture to the statistics of its latent, and back.
internal import Torch
internal import TorchNN

/// The sizes of both networks.
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

struct VAEEncoder {
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

struct VAEDecoder {
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
struct VAEMidBlock {
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
