// CLIP maximum mean discrepancy (Jayasumana et al., CVPR 2024, eq. 4), with unit vectors of pictures:
//
//   k(x, y) = exp( -|x - y|^2 / (2 sigma^2) ),   sigma = 10
//   CMMD    = 1000 ( mean k(x_i, x_j) + mean k(y_i, y_j) - 2 mean k(x_i, y_j) )        (all pairs, i = j too)
package import Diffusion
internal import Torch

/// CMMD by a CLIP and its own pre-processing, for few pictures.
package struct CMMD: PictureMetricProfiles {
  package static let measure = PictureMeasure.cmmd
  private let clip: CLIPModel
  private let model: String
  private let version: String
  private static let (sigma, scale) = (10.0, 1000.0)

  package init(_ clip: CLIPModel, named model: String, version: String = "") {
    (self.clip, self.model, self.version) = (clip, model, version)
  }

  package static func profiles(_ networks: MetricNetworks) -> [any PictureMetric] {
    networks.clip.map { [CMMD($0.model, named: $0.name, version: $0.version)] } ?? []
  }

  package var name: String { Self.measure.metric(nil, of: model) }
  package var title: String { "CMMD (\(model))" }
  package var better: Better { .lower }
  package var profile: MeasureProfile {
    MeasureProfile("cmmd", network: model, version: version)
  }

  package func measure(_ drawn: DrawnPictures, reference: DrawnPictures?) throws -> MeasuredValue? {
    guard let reference else { return nil }
    return Self.value(
      name, clip.vectors(drawn.pictures), clip.vectors(reference.pictures),
      ClusterBootstrap(drawn.prompts))
  }

  /// CMMD of unit vectors x [n, P] and y [m, P].
  static func value(_ name: String, _ x: Tensor, _ y: Tensor, _ clusters: ClusterBootstrap)
    -> MeasuredValue
  {
    let (x, y) = (x.inFloat64(), y.inFloat64())
    func kernel(_ a: Tensor, _ b: Tensor) -> Tensor {
      (a.distances(to: b).squared() / (-2 * sigma * sigma)).exp()
    }
    let (xx, xy, yy) = (kernel(x, x), kernel(x, y).mean(1), kernel(y, y).mean().item)
    /// w [n] says how often each picture occurs.
    func mmd(_ w: Tensor) -> Double {
      let n = w.sum().item
      return scale * (w.dot(xx.matmul(w)).item / (n * n) + yy - 2 * w.dot(xy).item / n)
    }
    return clusters.weighted(name, x.size(0), mmd)
  }
}
