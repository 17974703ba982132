internal import Torch
internal import TorchNN

/// What the transformers of one level are built with.
struct UNetAttention {
  var heads: Int
  var context: Int
  var layers: Int
  var linear: Bool

  func transformer(_ s: Scope, _ channels: Int, groups: Int) -> Transformer2D {
    Transformer2D(
      s, channels, heads: heads, context: context, layers: layers, groups: groups, linear: linear)
  }
}

/// diffusers `CrossAttnDownBlock2D` and, without attention, `DownBlock2D`.
struct UNetDownBlock {
  let resnets: [ResnetBlock2D]
  let attentions: [Transformer2D]
  let downsampler: Downsample2D?

  init(
    _ s: Scope, in i: Int, out o: Int, time: Int, layers: Int, groups: Int, eps: Double,
    attention: UNetAttention?, downsamples: Bool
  ) {
    resnets = (0..<layers).map {
      ResnetBlock2D(
        s["resnets"][$0], in: $0 == 0 ? i : o, out: o, time: time, groups: groups, eps: eps)
    }
    attentions =
      attention.map { a in
        (0..<layers).map { a.transformer(s["attentions"][$0], o, groups: groups) }
      } ?? []
    downsampler = downsamples ? Downsample2D(s["downsamplers"][0], o) : nil
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

/// diffusers `UNetMidBlock2DCrossAttn`.
struct UNetMidBlock {
  let first: ResnetBlock2D
  let attention: Transformer2D
  let second: ResnetBlock2D

  init(
    _ s: Scope, _ channels: Int, time: Int, groups: Int, eps: Double, attention a: UNetAttention
  ) {
    func resnet(_ i: Int) -> ResnetBlock2D {
      ResnetBlock2D(
        s["resnets"][i], in: channels, out: channels, time: time, groups: groups, eps: eps)
    }
    first = resnet(0)
    attention = a.transformer(s["attentions"][0], channels, groups: groups)
    second = resnet(1)
  }

  func callAsFunction(
    _ x: Tensor, _ time: Tensor, _ context: Tensor, _ prompt: PromptContext
  ) -> Tensor {
    second(attention(first(x, time: time), context, prompt), time: time)
  }
}

/// diffusers `CrossAttnUpBlock2D` and, without attention, `UpBlock2D`.
struct UNetUpBlock {
  let resnets: [ResnetBlock2D]
  let attentions: [Transformer2D]
  let upsampler: Upsample2D?

  init(
    _ s: Scope, in i: Int, out o: Int, previous p: Int, time: Int, layers: Int, groups: Int,
    eps: Double, attention: UNetAttention?, upsamples: Bool
  ) {
    resnets = (0..<layers).map {
      let skip = $0 == layers - 1 ? i : o
      return ResnetBlock2D(
        s["resnets"][$0], in: ($0 == 0 ? p : o) + skip, out: o, time: time, groups: groups, eps: eps
      )
    }
    attentions =
      attention.map { a in
        (0..<layers).map { a.transformer(s["attentions"][$0], o, groups: groups) }
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
