// The networks behind LPIPS (Zhang et al., CVPR 2018, section 3): torchvision's AlexNet, VGG-16 and SqueezeNet 1.1 up
// to the last layer that is tapped. Names are torchvision's.
package import Foundation
package import Torch
package import TorchNN

/// A classification network whose activations tell pictures apart, and the weights of their channels.
package final class PerceptualNetwork {
  package enum Kind: String, CaseIterable, Sendable, Hashable {
    case alex, vgg, squeeze
  }

  /// One entry of `features`, in its order.
  fileprivate enum Layer {
    case convolution(Int, Int, kernel: Int, stride: Int = 1, padding: Int = 0)
    case relu
    case pool(Int, ceil: Bool = false)
    /// SqueezeNet's module: 1 x 1, then 1 x 1 beside 3 x 3 (Iandola et al., 2016).
    case fire(Int, squeezed: Int, expanded: Int)
  }

  package let kind: Kind
  package let parameters: ParameterStore
  let device: Device
  private let layers: [(Tensor) -> Tensor]
  /// w_l of each tap: [1, C_l, 1, 1]
  package let weights: [Tensor]

  package init(_ kind: Kind, _ source: ParameterStore.Source, on device: Device = .cpu) throws {
    let store = ParameterStore(source, on: device)
    let last = kind.taps.last?.index ?? 0
    layers = kind.layers.prefix(last + 1).enumerated().map { i, layer in
      Self.function(layer, store.root["features"][i])
    }
    weights = kind.taps.indices.map { l in
      store.root["lin\(l)"]["model"]["1"].parameter(
        "weight", [1, kind.taps[l].channels, 1, 1], .ones)
    }
    (self.kind, self.device, parameters) = (kind, device, store)
    try store.check()
  }

  /// Reads what `scripts/convert/lpips.py` writes: the network's `features` and the weights of LPIPS 0.1.
  /// - Throws: ``LetheError`` of the kind `model` for a file that is missing or holds another network
  package static func load(_ kind: Kind, _ file: URL, on device: Device = .cpu) throws
    -> PerceptualNetwork
  {
    let tensors = try SafeTensors.load(file, finite: true)
    do {
      return try PerceptualNetwork(
        kind, .tensors(Dictionary(uniqueKeysWithValues: tensors.map { (ParameterPath($0), $1) })),
        on: device)
    } catch let error as LetheError { throw LetheError.wrong(file, error.sentence) }
  }

  /// The activations at the taps: x [N, 3, H, W] -> [N, C_l, H_l, W_l] for each l.
  package func taps(_ x: Tensor) -> [Tensor] {
    let places = Set(kind.taps.map(\.index))
    var (h, found) = (x, [Tensor]())
    for (i, layer) in layers.enumerated() {
      h = layer(h)
      if places.contains(i) { found.append(h) }
    }
    return found
  }

  private static func function(_ layer: Layer, _ s: Scope) -> (Tensor) -> Tensor {
    switch layer {
    case .relu: return { $0.relu() }
    case .pool(let size, let ceil): return { $0.maxPooled(size, stride: 2, ceil: ceil) }
    case .convolution(let input, let output, let kernel, let stride, let padding):
      let conv = Conv2d(s, input, output, kernel: kernel, stride: stride, padding: padding)
      return { conv($0) }
    case .fire(let input, let squeezed, let expanded):
      let squeeze = Conv2d(s["squeeze"], input, squeezed, kernel: 1)
      let one = Conv2d(s["expand1x1"], squeezed, expanded, kernel: 1)
      let three = Conv2d(s["expand3x3"], squeezed, expanded, kernel: 3, padding: 1)
      return { x in
        let h = squeeze(x).relu()
        return .concatenate([one(h).relu(), three(h).relu()], 1)
      }
    }
  }
}

extension PerceptualNetwork.Kind {
  /// Places in `features` after which LPIPS looks, and the channels there.
  package var taps: [(index: Int, channels: Int)] {
    switch self {
    case .alex: [(1, 64), (4, 192), (7, 384), (9, 256), (11, 256)]
    case .vgg: [(3, 64), (8, 128), (15, 256), (22, 512), (29, 512)]
    case .squeeze: [(1, 64), (4, 128), (7, 256), (9, 384), (10, 384), (11, 512), (12, 512)]
    }
  }

  fileprivate var layers: [PerceptualNetwork.Layer] {
    switch self {
    case .alex:
      [
        .convolution(3, 64, kernel: 11, stride: 4, padding: 2), .relu, .pool(3),
        .convolution(64, 192, kernel: 5, padding: 2), .relu, .pool(3),
        .convolution(192, 384, kernel: 3, padding: 1), .relu,
        .convolution(384, 256, kernel: 3, padding: 1), .relu,
        .convolution(256, 256, kernel: 3, padding: 1), .relu,
      ]
    case .vgg:
      [
        [3, 64, 64], [64, 128, 128], [128, 256, 256, 256], [256, 512, 512, 512],
        [512, 512, 512, 512],
      ]
      .flatMap { widths in
        zip(widths, widths.dropFirst()).flatMap { input, output -> [PerceptualNetwork.Layer] in
          [.convolution(input, output, kernel: 3, padding: 1), .relu]
        } + [.pool(2)]
      }
    case .squeeze:
      [
        .convolution(3, 64, kernel: 3, stride: 2), .relu, .pool(3, ceil: true),
        .fire(64, squeezed: 16, expanded: 64), .fire(128, squeezed: 16, expanded: 64),
        .pool(3, ceil: true),
        .fire(128, squeezed: 32, expanded: 128), .fire(256, squeezed: 32, expanded: 128),
        .pool(3, ceil: true),
        .fire(256, squeezed: 48, expanded: 192), .fire(384, squeezed: 48, expanded: 192),
        .fire(384, squeezed: 64, expanded: 256), .fire(512, squeezed: 64, expanded: 256),
      ]
    }
  }
}
