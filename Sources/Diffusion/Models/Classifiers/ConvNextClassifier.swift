// transformers `ConvNextForImageClassification` (Liu et al., CVPR 2022).
package import Torch
package import TorchNN

package final class ConvNextClassifier: ClassifierNetwork {
  package static let architecture = "ConvNextForImageClassification"

  package let sides: ClosedRange<Int>
  private let patches: Conv2d
  private let patchNorm: LayerNorm
  private let stages: [Stage]
  private let norm: LayerNorm
  private let head: Linear

  private struct Stage {
    /// Halves the maps; nil in the first stage.
    let down: (norm: LayerNorm, conv: Conv2d)?
    let layers: [ConvNextLayer]
  }

  package init(_ s: Scope, _ config: ComponentConfig, labels: Int) throws {
    try config.accept(["num_channels": [3], "hidden_act": ["gelu"]])
    let patch = try config.int("patch_size", 4)
    let widths = try config.ints("hidden_sizes", [96, 192, 384, 768])
    let depths = try config.ints("depths", [3, 3, 9, 3])
    guard widths.count == depths.count, let first = widths.first, let last = widths.last, patch > 0,
      (widths + depths).allSatisfy({ $0 > 0 })
    else {
      throw config.refusing("depths", "one number above 0 for each of hidden_sizes")
    }
    try s.check(layers: depths.reduce(0, +), key: "depths")
    // Each stage but the first halves what the patches are.
    sides = (patch << min(widths.count - 1, 13))...max(8192, patch << min(widths.count - 1, 13))
    let isScaled = try config.number("layer_scale_init_value", 1e-6) > 0
    let net = s["convnext"]
    let e = net["embeddings"]
    patches = Conv2d(e["patch_embeddings"], 3, first, kernel: patch, stride: patch)
    patchNorm = LayerNorm(e["layernorm"], first, eps: 1e-6)
    stages = widths.indices.map { i in
      let stage = net["encoder"]["stages"][i]
      let d = stage["downsampling_layer"]
      let before = i > 0 ? widths[i - 1] : first
      return Stage(
        down: i == 0
          ? nil
          : (
            LayerNorm(d[0], before, eps: 1e-6),
            Conv2d(d[1], before, widths[i], kernel: 2, stride: 2)
          ),
        layers: (0..<depths[i]).map {
          ConvNextLayer(stage["layers"][$0], widths[i], isScaled: isScaled)
        })
    }
    norm = LayerNorm(net["layernorm"], last, eps: try config.positive("layer_norm_eps", 1e-12))
    head = Linear(s["classifier"], last, labels)
  }

  package func callAsFunction(_ pixels: Tensor) -> Tensor {
    var h = patchNorm.overChannels(patches(pixels))
    for stage in stages {
      if let down = stage.down { h = down.conv(down.norm.overChannels(h)) }
      h = stage.layers.reduce(h) { $1($0) }
    }
    return head(norm(h.mean(2, 3)))
  }
}

/// x + scale . linear(gelu(linear(norm(depthwise(x))))); x [N, C, H, W].
private struct ConvNextLayer {
  let depthwise: Conv2d
  let norm: LayerNorm
  let wide: Linear
  let narrow: Linear
  let scale: Tensor?

  init(_ s: Scope, _ width: Int, isScaled: Bool) {
    depthwise = Conv2d(s["dwconv"], width, width, kernel: 7, padding: 3, groups: width)
    norm = LayerNorm(s["layernorm"], width, eps: 1e-6)
    wide = Linear(s["pwconv1"], width, 4 * width)
    narrow = Linear(s["pwconv2"], 4 * width, width)
    scale = isScaled ? s.parameter("layer_scale_parameter", [width], .ones) : nil
  }

  func callAsFunction(_ x: Tensor) -> Tensor {
    let h = narrow(wide(norm(depthwise(x).permuted(0, 2, 3, 1))).gelu())  // [N, H, W, C]
    return x + (scale.map { h * $0 } ?? h).permuted(0, 3, 1, 2)
  }
}

extension LayerNorm {
  /// Normalises the channels of [N, C, H, W].
  fileprivate func overChannels(_ x: Tensor) -> Tensor {
    callAsFunction(x.permuted(0, 2, 3, 1)).permuted(0, 3, 1, 2)
  }
}
