// LPIPS 0.1 (Zhang et al., CVPR 2018, eq. 1): the distance of two pictures in a network's activations f_l,
//
//   d(x, y) = sum_l mean_hw sum_c w_lc ( f_l(x) / |f_l(x)| - f_l(y) / |f_l(y)| )_c^2
//
// with lengths over channels, and f_l of (x - shift) / scale for x in [-1, 1].
package import Torch

/// The mean distance to the reference's pictures, e.g. those of the original model from the same prompts and seeds.
package struct LPIPS: PictureMetricProfiles {
  package static let measure = PictureMeasure.lpips
  private let network: PerceptualNetwork
  private let version: String
  private static let shift: [Float] = [-0.030, -0.088, -0.188]
  private static let scale: [Float] = [0.458, 0.448, 0.450]

  package init(_ network: PerceptualNetwork, version: String = "") {
    (self.network, self.version) = (network, version)
  }

  package static func profiles(_ networks: MetricNetworks) -> [any PictureMetric] {
    networks.perceptual.map { LPIPS($0.network, version: $0.version) }
  }

  package var name: String { Self.measure.metric("\(network.kind.rawValue)-0.1") }
  package var title: String { "LPIPS (\(network.kind.rawValue), 0.1)" }
  package var better: Better { .lower }
  package var profile: MeasureProfile {
    MeasureProfile("0.1", network: network.kind.rawValue, version: version)
  }

  /// - Throws: ``LetheError`` of the kind `model` for pictures that are not pairs
  package func measure(_ drawn: DrawnPictures, reference: DrawnPictures?) throws -> MeasuredValue? {
    guard let reference else { return nil }
    guard reference.pictures.shape == drawn.pictures.shape, reference.prompts == drawn.prompts
    else {
      throw LetheError.model(
        "\(name) compares pictures of the same prompts in the same order; these are \(drawn.pictures.shape) and "
          + "\(reference.pictures.shape)")
    }
    return ClusterBootstrap(drawn.prompts).mean(name, self(drawn.pictures, reference.pictures))
  }

  /// The distances of the pictures of `x` and `y`, both [N, 3, H, W] in [-1, 1].
  package func callAsFunction(_ x: Tensor, _ y: Tensor) -> [Double] {
    withoutGradients {
      x.passes(atMost: 16).flatMap { part -> [Double] in
        let parts = taps(
          x.rows(part).to(network.device), y.rows(part).to(network.device))
        return parts.dropFirst().reduce(parts[0], +).doubles
      }
    }
  }

  /// The addend of each tap l: [N].
  func taps(_ x: Tensor, _ y: Tensor) -> [Tensor] {
    let shift = Tensor(Self.shift, [1, 3, 1, 1]).to(x.device)
    let scale = Tensor(Self.scale, [1, 3, 1, 1]).to(x.device)
    let (f, g) = (network.taps((x - shift) / scale), network.taps((y - shift) / scale))
    return network.weights.indices.map { l in
      ((unit(f[l]) - unit(g[l])).squared() * network.weights[l]).sum(1).mean(1, 2)
    }
  }

  private func unit(_ f: Tensor) -> Tensor {
    f / (f.squared().sum(1, keepDimensions: true).sqrt() + 1e-10)
  }
}
