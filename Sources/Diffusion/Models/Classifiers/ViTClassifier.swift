// transformers `ViTForImageClassification` (Dosovitskiy et al., ICLR 2021): patches and a class token through pre-norm
// blocks, which are those of CLIP under other names.
package import Torch
package import TorchNN

package final class ViTClassifier: ClassifierNetwork {
  package static let architecture = "ViTForImageClassification"

  package let sides: ClosedRange<Int>
  private let token: Tensor
  private let positions: Tensor
  private let patches: Conv2d
  private let layers: [CLIPLayer]
  private let norm: LayerNorm
  private let head: Linear

  package init(_ s: Scope, _ config: ComponentConfig, labels: Int) throws {
    try config.accept(["num_channels": [3], "qkv_bias": [true]])
    let shape = try CLIPTowerShape(
      config, width: 768, inner: 3072, layers: 12, heads: 12, activation: .gelu, eps: 1e-12)
    let (size, patch) = (try config.int("image_size", 224), try config.int("patch_size", 16))
    guard patch > 0, size >= patch else {
      throw config.refusing("patch_size", "a number from 1 to image_size")
    }
    try s.check(layers: shape.layers, key: "num_hidden_layers")
    sides = size...size
    let (width, n) = (shape.width, (size / patch) * (size / patch))
    let e = s["vit"]["embeddings"]
    token = e.parameter("cls_token", [1, 1, width], .normal(0.02))
    positions = e.parameter("position_embeddings", [1, n + 1, width], .normal(0.02))
    patches = Conv2d(e["patch_embeddings"]["projection"], 3, width, kernel: patch, stride: patch)
    layers = (0..<shape.layers).map {
      CLIPLayer(s["vit"]["encoder"]["layer"][$0], shape, causal: false)
    }
    norm = LayerNorm(s["vit"]["layernorm"], width, eps: shape.eps)
    head = Linear(s["classifier"], width, labels)
  }

  package func callAsFunction(_ pixels: Tensor) -> Tensor {
    let x = patches(pixels).flattened(from: 2).transposed(1, 2)  // [N, n, D]
    let h =
      Tensor.concatenate([token.expanded(x.size(0), 1, x.size(2)), x], 1) + positions
    return head(norm(layers.reduce(h) { $1($0) })[1, at: 0])
  }

  /// Names of the blocks' parts in CLIP; transformers 5 has those of the attention in memory too.
  private static let parts = [
    ("attention.attention.query", "self_attn.q_proj"),
    ("attention.attention.key", "self_attn.k_proj"),
    ("attention.attention.value", "self_attn.v_proj"),
    ("attention.output.dense", "self_attn.out_proj"), ("attention.q_proj", "self_attn.q_proj"),
    ("attention.k_proj", "self_attn.k_proj"), ("attention.v_proj", "self_attn.v_proj"),
    ("attention.o_proj", "self_attn.out_proj"), ("intermediate.dense", "mlp.fc1"),
    ("output.dense", "mlp.fc2"), ("layernorm_before", "layer_norm1"),
    ("layernorm_after", "layer_norm2"),
  ]

  package static func path(_ name: String) -> String {
    let name = name.hasPrefix("vit.layers.") ? "vit.encoder.layer." + name.dropFirst(11) : name
    guard name.hasPrefix("vit.encoder.layer."),
      let (old, new) = parts.first(where: { name.contains(".\($0.0).") })
    else { return name }
    return name.replacing(".\(old).", with: ".\(new).")
  }
}
