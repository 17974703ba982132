/// A measure of pictures by a network, of which a metric is a profile. The metric `fid@pytorch-fid` is one of `fid`.
public struct PictureMeasure: Sendable, Hashable, ExpressibleByStringLiteral {
  /// The measure's name, e.g. `fid`.
  public let name: String

  package static let clipScore: PictureMeasure = "clip-score"
  package static let fid: PictureMeasure = "fid"
  package static let kid: PictureMeasure = "kid"
  package static let cmmd: PictureMeasure = "cmmd"
  package static let lpips: PictureMeasure = "lpips"
  /// A change of a picture's score, which is no measure of its own.
  private static let change = "-change"

  public init(stringLiteral name: String) { self.name = name }

  /// The key of a metric in `results.json`.
  /// - Parameters:
  ///   - profile: the definition; nil where there is one alone
  ///   - source: the network or the real pictures, where there may be several. One of both is needed.
  public func metric(_ profile: String?, of source: String? = nil) -> String {
    name + (profile.map { "@\($0)" } ?? "") + (source.map { ":\($0)" } ?? "")
  }

  /// The measure of a metric of `results.json`; nil for others, whose names have no profile.
  package init?(of metric: String) {
    guard let end = metric.firstIndex(where: { $0 == "@" || $0 == ":" }), end > metric.startIndex,
      case let name = String(metric[..<end]), !name.hasSuffix(Self.change)
    else { return nil }
    self.name = name
  }
}
