package import Torch

/// A distance of two sets of pictures in Inception's features, one metric for each way to resize them.
package protocol InceptionMetric: PictureMetricProfiles {
  var network: InceptionV3 { get }
  var input: InceptionInput { get }
  /// SHA-256 of the network's file.
  var version: String { get }
  init(_ network: InceptionV3, _ input: InceptionInput, version: String)
  /// The distance of features x [n, D] and y [m, D].
  /// - Parameter clusters: the prompts of x
  static func value(_ name: String, _ x: Tensor, _ y: Tensor, _ clusters: ClusterBootstrap)
    -> MeasuredValue
}

extension InceptionMetric {
  package static func profiles(_ networks: MetricNetworks) -> [any PictureMetric] {
    networks.inception.map { network in
      InceptionInput.allCases.map { Self(network.model, $0, version: network.version) }
    } ?? []
  }

  package var name: String { Self.measure.metric(input.rawValue) }
  package var title: String { "\(Self.measure.name.uppercased()) (\(input.rawValue))" }
  package var better: Better { .lower }
  package var profile: MeasureProfile {
    MeasureProfile(input.rawValue, network: "inception", version: version)
  }

  package func measure(_ drawn: DrawnPictures, reference: DrawnPictures?) throws -> MeasuredValue? {
    guard let reference, drawn.count > 1, reference.count > 1 else { return nil }
    return Self.value(
      name, network.features(drawn.pictures, input),
      network.features(reference.pictures, input), ClusterBootstrap(drawn.prompts))
  }
}
