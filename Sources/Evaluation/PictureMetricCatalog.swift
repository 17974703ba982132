package import Diffusion
internal import Torch

/// The networks that a run has for its metrics.
public struct MetricNetworks {
  /// Inception, and SHA-256 of its file.
  package var inception: (model: InceptionV3, version: String)?
  /// A CLIP, the name that it has in results, and SHA-256 of its weights.
  package var clip: (model: CLIPModel, name: String, version: String)?
  /// Networks of LPIPS, each with SHA-256 of its file.
  package var perceptual: [(network: PerceptualNetwork, version: String)] = []
  package var real: [RealPictures] = []
  package init() {}
}

/// A measure with its profiles.
public protocol PictureMetricProfiles: PictureMetric {
  /// The measure's name, with which the names of its metrics begin: `fid` of `fid@pytorch-fid`.
  static var measure: PictureMeasure { get }
  /// One metric a profile; none where the network that it needs is not there.
  static func profiles(_ networks: MetricNetworks) -> [any PictureMetric]
}

/// Measures of pictures in the order of reports. A catalog is a value. A program with measures of its own passes the
/// result of ``adding(_:)`` to the commands. No global registration exists.
public struct PictureMetricCatalog: Sendable {
  // Types alone, which have no state.
  private nonisolated(unsafe) let all: [any PictureMetricProfiles.Type]

  /// Lethe's own measures. A new one needs a file and one line here.
  public static let builtIn = PictureMetricCatalog(all: [
    CLIPScore.self,
    FID.self,
    KID.self,
    CMMD.self,
    LPIPS.self,
  ])

  private init(all: [any PictureMetricProfiles.Type]) { self.all = all }

  /// This catalog with `more` after its own measures.
  /// - Throws: ``LetheError`` of the kind `request` for a name that is in use
  public func adding(_ more: any PictureMetricProfiles.Type...) throws -> PictureMetricCatalog {
    try more.reduce(self) { catalog, added in
      let known = catalog.all.map { $0.measure }
      guard !known.contains(added.measure) else {
        throw LetheError.request(
          "measure '\(added.measure.name)': the name is in use; choose one other than "
            + known.map(\.name).joined(separator: ", "))
      }
      return PictureMetricCatalog(all: catalog.all + [added])
    }
  }

  /// The metrics that the networks at hand allow, in the order of reports.
  package func metrics(_ networks: MetricNetworks) -> [any PictureMetric] {
    all.flatMap { $0.profiles(networks) } + networks.real
  }
}
