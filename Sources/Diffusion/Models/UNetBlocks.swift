internal import Torch
internal import TorchNN

/// The configuration of one level's attention.
enum UNetAttention {
  /// - layers: blocks of each transformer of the level, in order
  case transformer(heads: Int, context: Int, layers: [Int], linear: Bool)
  /// - width: numbers a head; nil for one head
  case pixels(width: Int?, eps: Double)

  /// The attention after residual block `i` of the level.
  func make(_ s: Scope, _ i: Int, _ channels: Int, groups: Int) -> any FeatureAttention {
    switch self {
    case .transformer(let heads, let context, let layers, let linear):
      Transformer2D(
        s, channels, heads: heads, context: context, layers: layers[min(i, layers.count - 1)],
        groups: groups, linear: linear)
    case .pixels(let width, let eps):
      PixelAttention(s, channels, heads: channels / (width ?? channels), groups: groups, eps: eps)
    }
  }
}

/// The configuration that the residual blocks of a U-Net share.
struct UNetBlockShape {
  /// Width of the time embedding that blocks are given.
  var time: Int
  var groups: Int
  var eps: Double
  var dropout: Dropout?

  func resnet(_ s: Scope, _ i: Int, _ o: Int) -> ResnetBlock2D {
    ResnetBlock2D(s, in: i, out: o, time: time, groups: groups, eps: eps, dropout: dropout)
  }
}

/// diffusers `CrossAttnDownBlock2D`, `AttnDownBlock2D` and, without attention, `DownBlock2D`.
struct UNetDownBlock {
  let resnets: [ResnetBlock2D]
  let attentions: [any FeatureAttention]
  let downsampler: Downsample2D?

  init(
    _ s: Scope, in i: Int, out o: Int, layers: Int, _ shape: UNetBlockShape,
    attention: UNetAttention?, downsamples: Bool, padsAfter: Bool
  ) {
    resnets = (0..<layers).map { shape.resnet(s["resnets"][$0], $0 == 0 ? i : o, o) }
    attentions =
      attention.map { a in
        (0..<layers).map { a.make(s["attentions"][$0], $0, o, groups: shape.groups) }
      } ?? []
    downsampler =
      downsamples ? Downsample2D(s["downsamplers"][0], o, padsAfter: padsAfter) : nil
  }

  func callAsFunction(
    _ x: Tensor, _ time: Tensor, _ context: Tensor, _ prompt: PromptContext, _ skips: inout [Tensor]
  ) -> Tensor {
    var h = x
    for i in resnets.indices {
      h = resnets[i](h, time: time)
      if !attentions.isEmpty { h = attentions[i](h, context, prompt) }
      skips.append(h)
    }
    if let downsampler {
      h = downsampler(h)
      skips.append(h)
    }
    return h
  }
}

/// diffusers `UNetMidBlock2DCrossAttn` and `UNetMidBlock2D`, which may be one residual block alone.
struct UNetMidBlock {
  let first: ResnetBlock2D
  let attention: (any FeatureAttention)?
  let second: ResnetBlock2D?

  init(
    _ s: Scope, _ channels: Int, _ shape: UNetBlockShape, attention a: UNetAttention?,
    isOneBlock: Bool = false
  ) {
    first = shape.resnet(s["resnets"][0], channels, channels)
    attention = a?.make(s["attentions"][0], 0, channels, groups: shape.groups)
    second = isOneBlock ? nil : shape.resnet(s["resnets"][1], channels, channels)
  }

  func callAsFunction(
    _ x: Tensor, _ time: Tensor, _ context: Tensor, _ prompt: PromptContext
  ) -> Tensor {
    let h = first(x, time: time)
    guard let second else { return h }
    return second(attention?(h, context, prompt) ?? h, time: time)
  }
}

/// diffusers `CrossAttnUpBlock2D`, `AttnUpBlock2D` and, without attention, `UpBlock2D`.
struct UNetUpBlock {
  let resnets: [ResnetBlock2D]
  let attentions: [any FeatureAttention]
  let upsampler: Upsample2D?

  init(
    _ s: Scope, in i: Int, out o: Int, previous p: Int, layers: Int, _ shape: UNetBlockShape,
    attention: UNetAttention?, upsamples: Bool
  ) {
    resnets = (0..<layers).map {
      shape.resnet(s["resnets"][$0], ($0 == 0 ? p : o) + ($0 == layers - 1 ? i : o), o)
    }
    attentions =
      attention.map { a in
        (0..<layers).map { a.make(s["attentions"][$0], $0, o, groups: shape.groups) }
      } ?? []
    upsampler = upsamples ? Upsample2D(s["upsamplers"][0], o) : nil
  }

  func callAsFunction(
    _ x: Tensor, _ time: Tensor, _ context: Tensor, _ prompt: PromptContext, _ skips: inout [Tensor]
  ) -> Tensor {
    var h = x
    for i in resnets.indices {
      h = resnets[i](Tensor.concatenate([h, skips.removeLast()], 1), time: time)
      if !attentions.isEmpty { h = attentions[i](h, context, prompt) }
    }
    guard let upsampler else { return h }
    let size = skips.last.map { ($0.size(2), $0.size(3)) }
    return upsampler(h, to: size)
  }
}
