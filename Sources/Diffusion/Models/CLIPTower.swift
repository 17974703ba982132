// The transformer that both towers of CLIP consist of (Radford et al., ICML 2021): pre-norm blocks, causal for text.
internal import Torch
internal import TorchNN

/// Sizes of a tower, as its configuration has them.
package struct CLIPTowerShape: Sendable, Hashable {
  package let width: Int
  let inner: Int
  let layers: Int
  let heads: Int
  let activation: Activation
  let eps: Double

  /// - Parameters: the class defaults, for keys that are missing
  /// - Throws: ``LetheError`` for sizes that make no network
  init(
    _ config: ComponentConfig, width: Int, inner: Int, layers: Int, heads: Int,
    activation: Activation = .quickGELU, eps: Double = 1e-5
  ) throws {
    func size(_ key: String, _ fallback: Int) throws -> Int {
      let value = try config.int(key, fallback)
      guard value > 0 else { throw config.refusing(key, "a number above 0") }
      return value
    }
    self.width = try size("hidden_size", width)
    self.inner = try size("intermediate_size", inner)
    self.layers = try size("num_hidden_layers", layers)
    self.heads = try size("num_attention_heads", heads)
    try config.check(self.heads, divides: self.width, "num_attention_heads", "of hidden_size")
    guard
      let activation = Activation(rawValue: try config.string("hidden_act", activation.rawValue))
    else { throw config.refusing("hidden_act", "quick_gelu, gelu") }
    self.activation = activation
    self.eps = try config.positive("layer_norm_eps", eps)
  }
}

/// One block: x + attention(norm x), then + mlp(norm x); x [B, L, D].
struct CLIPLayer {
  private let norm1: LayerNorm
  private let q: Linear
  private let k: Linear
  private let v: Linear
  private let out: Linear
  private let norm2: LayerNorm
  private let fc1: Linear
  private let fc2: Linear
  private let shape: CLIPTowerShape
  private let isCausal: Bool

  init(_ s: Scope, _ shape: CLIPTowerShape, causal: Bool) {
    let (a, width) = (s["self_attn"], shape.width)
    norm1 = LayerNorm(s["layer_norm1"], width, eps: shape.eps)
    q = Linear(a["q_proj"], width, width)
    k = Linear(a["k_proj"], width, width)
    v = Linear(a["v_proj"], width, width)
    out = Linear(a["out_proj"], width, width)
    norm2 = LayerNorm(s["layer_norm2"], width, eps: shape.eps)
    fc1 = Linear(s["mlp"]["fc1"], width, shape.inner)
    fc2 = Linear(s["mlp"]["fc2"], shape.inner, width)
    (self.shape, isCausal) = (shape, causal)
  }

  func callAsFunction(_ x: Tensor) -> Tensor {
    let n = norm1(x)
    func split(_ y: Tensor) -> Tensor {
      y.reshaped(x.size(0), x.size(1), shape.heads, x.size(2) / shape.heads).transposed(1, 2)
    }
    let a = Tensor.attention(split(q(n)), split(k(n)), split(v(n)), causal: isCausal)
    let h = x + out(a.transposed(1, 2).reshaped(x.shape))
    return h + fc2(shape.activation(fc1(norm2(h))))
  }
}
