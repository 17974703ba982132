// Perceptual distance of two pictures: LPIPS (Zhang et al., CVPR 2018, eq. 1) on the feature maps of a judge, without
// learned weights:
//
//   d(x, y) = mean over maps l of  mean_hw | f_l(x) / |f_l(x)| - f_l(y) / |f_l(y)| |^2      (norms over channels)
//
// It is 0 for equal pictures and 2 at most. Values of different judges cannot be compared.
package import Torch

/// LPIPS without learned weights, on a judge's feature maps.
package struct PerceptualDistance {
  private let network: JudgeNetwork

  package init(_ network: JudgeNetwork) { self.network = network }

  /// The distances between the pictures of `x` and those of `y`, both [N, 3, H, W] in [-1, 1].
  /// - Returns: N distances, 0 to 2
  package func callAsFunction(_ x: Tensor, _ y: Tensor) -> [Double] {
    withoutGradients {
      x.passes(atMost: 64).flatMap { part -> [Double] in
        let (a, b) = (
          network.maps(x.rows(part).to(network.device)),
          network.maps(y.rows(part).to(network.device))
        )
        let parts = zip(a, b).map { f, g in
          (unit(f) - unit(g)).squared().sum(1).mean(1, 2)  // [n]
        }
        return (parts.dropFirst().reduce(parts[0], +) / Double(parts.count)).doubles
      }
    }
  }

  private func unit(_ f: Tensor) -> Tensor {
    f / (f.squared().sum(1, keepDimensions: true).sqrt() + 1e-10)
  }
}
