internal import Torch
internal import TorchNN

/// Keys and values of cross-attention layers, which depend on the prompt alone: computed once for
/// a whole sampling run instead of once a step. Valid for one conditioning and fixed weights.
package final class KeyValueCache {
  fileprivate var entries: [String: (Tensor, Tensor)] = [:]
  package init() {}
}

/// The input of cross-attention layers beside the hidden states.
struct PromptContext {
  var cache: KeyValueCache?
  var shifts: [String: KeyValueShift]
}

/// diffusers `Attention`: queries from x, keys and values from the context (or from x).
struct Attention {
  let toQ: Linear
  let toK: Linear
  let toV: Linear
  let toOut: Linear
  let heads: Int
  let name: String

  init(_ s: Scope, _ width: Int, heads: Int, context: Int? = nil, bias: Bool = false) {
    toQ = Linear(s["to_q"], width, width, bias: bias)
    toK = Linear(s["to_k"], context ?? width, width, bias: bias)
    toV = Linear(s["to_v"], context ?? width, width, bias: bias)
    toOut = Linear(s["to_out"][0], width, width)
    (self.heads, name) = (heads, s.path.name)
  }

  /// x [B, N, D], context [B, M, C] -> [B, N, D]
  func callAsFunction(_ x: Tensor, context: Tensor? = nil, prompt: PromptContext? = nil) -> Tensor {
    let q = split(toQ(x))  // [B, heads, N, d]
    let k: Tensor
    let v: Tensor
    if context != nil, let stored = prompt?.cache?.entries[name] {
      (k, v) = stored
    } else {
      let source = context ?? x
      var (keys, values) = (toK(source), toV(source))  // [B, M, D]
      if let shift = prompt?.shifts[name] {
        (keys, values) = (keys + shift.keys, values + shift.values)
      }
      (k, v) = (split(keys), split(values))  // [B, heads, M, d]
      if context != nil { prompt?.cache?.entries[name] = (k, v) }
    }
    let joined = Tensor.attention(q, k, v).transposed(1, 2)  // [B, N, heads, d]
    return toOut(joined.reshaped(x.size(0), -1, toQ.weight.size(0)))
  }

  private func split(_ x: Tensor) -> Tensor {
    x.reshaped(x.size(0), -1, heads, x.size(2) / heads).transposed(1, 2)
  }
}

/// Gated GELU feed-forward, diffusers `FeedForward` with `GEGLU`.
struct FeedForward {
  let projection: Linear
  let output: Linear

  init(_ s: Scope, _ width: Int) {
    projection = Linear(s["net"][0]["proj"], width, width * 8)
    output = Linear(s["net"][2], width * 4, width)
  }

  func callAsFunction(_ x: Tensor) -> Tensor {
    let parts = projection(x).chunks(2, -1)  // value, gate [B, N, 4 D]
    return output(parts[0] * parts[1].gelu())
  }
}

/// diffusers `BasicTransformerBlock`: self-attention, cross-attention, feed-forward.
struct BasicTransformerBlock {
  let norm1: LayerNorm
  let attn1: Attention
  let norm2: LayerNorm
  let attn2: Attention
  let norm3: LayerNorm
  let ff: FeedForward

  init(_ s: Scope, _ width: Int, heads: Int, context: Int) {
    norm1 = LayerNorm(s["norm1"], width)
    attn1 = Attention(s["attn1"], width, heads: heads)
    norm2 = LayerNorm(s["norm2"], width)
    attn2 = Attention(s["attn2"], width, heads: heads, context: context)
    norm3 = LayerNorm(s["norm3"], width)
    ff = FeedForward(s["ff"], width)
  }

  func callAsFunction(_ x: Tensor, _ context: Tensor, _ prompt: PromptContext) -> Tensor {
    var h = attn1(norm1(x)) + x
    h = attn2(norm2(h), context: context, prompt: prompt) + h
    return ff(norm3(h)) + h
  }
}

/// diffusers `Transformer2DModel` over the pixels of a feature map.
struct Transformer2D: FeatureAttention {
  enum Projection {
    case convolution(Conv2d)
    case linear(Linear)
  }
  let norm: GroupNorm
  let projIn: Projection
  let blocks: [BasicTransformerBlock]
  let projOut: Projection

  init(
    _ s: Scope, _ channels: Int, heads: Int, context: Int, layers: Int, groups: Int, linear: Bool
  ) {
    func projection(_ s: Scope) -> Projection {
      linear
        ? .linear(Linear(s, channels, channels))
        : .convolution(Conv2d(s, channels, channels, kernel: 1))
    }
    norm = GroupNorm(s["norm"], groups: groups, channels: channels, eps: 1e-6)
    projIn = projection(s["proj_in"])
    blocks = (0..<layers).map {
      BasicTransformerBlock(s["transformer_blocks"][$0], channels, heads: heads, context: context)
    }
    projOut = projection(s["proj_out"])
  }

  /// x [B, C, H, W], context [B, M, D] -> [B, C, H, W]
  func callAsFunction(_ x: Tensor, _ context: Tensor, _ prompt: PromptContext) -> Tensor {
    let (b, c, height, width) = (x.size(0), x.size(1), x.size(2), x.size(3))
    func tokens(_ y: Tensor) -> Tensor { y.permuted(0, 2, 3, 1).reshaped(b, height * width, c) }
    func pixels(_ y: Tensor) -> Tensor { y.reshaped(b, height, width, c).permuted(0, 3, 1, 2) }
    var h = norm(x)
    switch projIn {
    case .convolution(let conv): h = tokens(conv(h))
    case .linear(let linear): h = linear(tokens(h))
    }
    for block in blocks { h = block(h, context, prompt) }
    switch projOut {
    case .convolution(let conv): h = conv(pixels(h).contiguous())
    case .linear(let linear): h = pixels(linear(h)).contiguous()
    }
    return h + x
  }
}
