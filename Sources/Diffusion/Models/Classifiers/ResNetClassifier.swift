// transformers `ResNetForImageClassification` (He et al., CVPR 2016; stride in the 3 x 3 convolution, as in version
// 1.5).
package import Torch
package import TorchNN

package final class ResNetClassifier: ClassifierNetwork {
  package static let architecture = "ResNetForImageClassification"

  package let sides = 1...8192
  private let stem: ConvNorm
  private let layers: [ResNetLayer]
  private let head: Linear

  package init(_ s: Scope, _ config: ComponentConfig, labels: Int) throws {
    try config.accept([
      "num_channels": [3], "hidden_act": ["relu"], "downsample_in_bottleneck": [false],
      "layer_type": ["basic", "bottleneck"],
    ])
    let isBottleneck = try config.string("layer_type", "bottleneck") == "bottleneck"
    let embedding = try config.int("embedding_size", 64)
    let widths = try config.ints("hidden_sizes", [256, 512, 1024, 2048])
    let depths = try config.ints("depths", [3, 4, 6, 3])
    guard widths.count == depths.count, !widths.isEmpty, depths.allSatisfy({ $0 > 0 }),
      widths.allSatisfy({ $0 > 0 && $0 % 4 == 0 }), embedding > 0
    else {
      throw config.refusing("depths", "one number above 0 for each of hidden_sizes")
    }
    try s.check(layers: depths.reduce(0, +), key: "depths")
    let halvesFirst = try config.bool("downsample_in_first_stage", false)
    let resnet = s["resnet"]
    stem = ConvNorm(resnet["embedder"]["embedder"], 3, embedding, kernel: 7, stride: 2)
    var layers: [ResNetLayer] = []
    for (i, (width, depth)) in zip(widths, depths).enumerated() {
      for j in 0..<depth {
        layers.append(
          ResNetLayer(
            resnet["encoder"]["stages"][i]["layers"][j],
            j > 0 ? width : i > 0 ? widths[i - 1] : embedding, width,
            stride: j == 0 && (i > 0 || halvesFirst) ? 2 : 1, isBottleneck: isBottleneck))
      }
    }
    self.layers = layers
    head = Linear(s["classifier"][1], widths[widths.count - 1], labels)
  }

  package func callAsFunction(_ pixels: Tensor) -> Tensor {
    let h = stem(pixels).relu().maxPooled(3, stride: 2, padding: 1)
    return head(layers.reduce(h) { $1($0) }.mean(2, 3))
  }
}

/// A convolution without bias and its batch normalization.
private struct ConvNorm {
  let convolution: Conv2d
  let normalization: BatchNorm2d

  init(_ s: Scope, _ i: Int, _ o: Int, kernel: Int, stride: Int = 1) {
    convolution = Conv2d(
      s["convolution"], i, o, kernel: kernel, stride: stride, padding: kernel / 2, bias: false)
    normalization = BatchNorm2d(s["normalization"], o)
  }

  func callAsFunction(_ x: Tensor) -> Tensor { normalization(convolution(x), training: false) }
}

/// relu( f(x) + shortcut(x) ); f has no activation at its end.
private struct ResNetLayer {
  let parts: [ConvNorm]
  let shortcut: ConvNorm?

  init(_ s: Scope, _ i: Int, _ o: Int, stride: Int, isBottleneck: Bool) {
    let l = s["layer"]
    parts =
      isBottleneck
      ? [
        ConvNorm(l[0], i, o / 4, kernel: 1),
        ConvNorm(l[1], o / 4, o / 4, kernel: 3, stride: stride),
        ConvNorm(l[2], o / 4, o, kernel: 1),
      ]
      : [
        ConvNorm(l[0], i, o, kernel: 3, stride: stride), ConvNorm(l[1], o, o, kernel: 3),
      ]
    shortcut =
      i != o || stride != 1 ? ConvNorm(s["shortcut"], i, o, kernel: 1, stride: stride) : nil
  }

  func callAsFunction(_ x: Tensor) -> Tensor {
    let h = parts.dropFirst().reduce(parts[0](x)) { $1($0.relu()) }
    return (h + (shortcut.map { $0(x) } ?? x)).relu()
  }
}
