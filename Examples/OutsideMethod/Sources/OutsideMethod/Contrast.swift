import Lethe

/// The standard deviation of a picture's pixels, which needs no network.
public struct Contrast: PictureMetricProfiles {
  public static let measure: PictureMeasure = "contrast"
  public let name = Contrast.measure.metric("pixels")
  public let title = "Contrast"
  public let better = Better.higher
  public let profile = MeasureProfile("pixels", version: "1")

  public static func profiles(_ networks: MetricNetworks) -> [any PictureMetric] { [Contrast()] }

  public func measure(_ drawn: DrawnPictures, reference: DrawnPictures?) throws -> MeasuredValue? {
    .mean(name, drawn.pictures.flattened(from: 1).variance(1, correction: 1).sqrt().doubles)
  }
}
