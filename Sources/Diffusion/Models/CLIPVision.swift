// transformers `CLIPVisionModel` (Radford et al., 2021): patches and a class token through a transformer without mask.
package import Torch
internal import TorchNN

package final class CLIPVision {
  package let width: Int
  /// Width and height of the pictures in pixels.
  package let size: Int

  private let classEmbedding: Tensor
  private let patchEmbedding: Conv2d
  private let positionEmbedding: Embedding
  private let preLayerNorm: LayerNorm
  private let layers: [CLIPLayer]
  private let postLayerNorm: LayerNorm

  init(_ s: Scope, _ config: ComponentConfig) throws {
    try config.accept([
      "model_type": ["clip_vision_model"], "attention_dropout": [0], "dropout": [0],
      "num_channels": [3],
    ])
    let shape = try CLIPTowerShape(config, width: 768, inner: 3072, layers: 12, heads: 12)
    width = shape.width
    size = try config.int("image_size", 224)
    let patch = try config.int("patch_size", 32)
    guard patch > 0, size >= patch else {
      throw config.refusing("patch_size", "a number from 1 to image_size")
    }
    try s.check(layers: shape.layers, key: "num_hidden_layers")
    let n = (size / patch) * (size / patch)
    let model = s["vision_model"]
    let e = model["embeddings"]
    classEmbedding = e.parameter("class_embedding", [width], .normal(0.02))
    patchEmbedding = Conv2d(
      e["patch_embedding"], 3, width, kernel: patch, stride: patch, bias: false)
    positionEmbedding = Embedding(e["position_embedding"], n + 1, width)
    // The checkpoints spell it so.
    preLayerNorm = LayerNorm(model["pre_layrnorm"], width, eps: shape.eps)
    layers = (0..<shape.layers).map {
      CLIPLayer(model["encoder"]["layers"][$0], shape, causal: false)
    }
    postLayerNorm = LayerNorm(model["post_layernorm"], width, eps: shape.eps)
  }

  /// Pixel values [N, 3, S, S] -> the class token's state after the final norm [N, D]
  package func callAsFunction(_ pixels: Tensor) -> Tensor {
    let n = pixels.size(0)
    let patches = patchEmbedding(pixels).flattened(from: 2).transposed(1, 2)  // [N, n, D]
    let token = classEmbedding.reshaped(1, 1, width).expanded(n, 1, width)
    let h = Tensor.concatenate([token, patches], 1) + positionEmbedding.weight
    return postLayerNorm(layers.reduce(preLayerNorm(h)) { $1($0) }[1, at: 0])
  }
}
