/// A measure of pictures by a network, of which a metric is a profile. The metric `fid@pytorch-fid` is one of `fid`.
public struct PictureMeasure: Sendable, Hashable, ExpressibleByStringLiteral {
  /// The measure's name, e.g. `fid`.
  public let name: String

  package static let clipScore: PictureMeasure = "clip-score"
  package static let fid: PictureMeasure = "fid"
  package static let kid: PictureMeasure = "kid"
  package static let cmmd: PictureMeasure = "cmmd"
  package static let lpips: PictureMeasure = "lpips"
  public init(stringLiteral name: String) { self.init(name) }
  init(_ name: String) { self.name = name }

  /// The key of a metric in `results.json`.
  /// - Parameters:
  ///   - profile: the definition; nil where there is one alone
  ///   - source: the network or the real pictures, where there may be several. One of both is needed.
  public func metric(_ profile: String?, of source: String? = nil) -> String {
    MeasuredPictures(self, profile, of: source).name
  }

  /// The measure of a metric of `results.json`; nil for changes, and for metrics whose names have no profile.
  package init?(of metric: String) {
    guard let found = MeasuredPictures(named: metric), !found.isChange else { return nil }
    self = found.measure
  }
}

/// A metric of pictures: a measure or the change of one, with its definition. Its name in `results.json` is
/// `clip-score-change@x100:NETWORK`.
package struct MeasuredPictures: Hashable, Sendable {
  package var measure: PictureMeasure
  /// Whether it is the change of a picture's score from the original's.
  package var isChange: Bool
  package var profile: String?
  package var source: String?

  private static let change = "-change"

  package init(
    _ measure: PictureMeasure, isChange: Bool = false, _ profile: String?, of source: String? = nil
  ) {
    (self.measure, self.isChange, self.profile, self.source) = (measure, isChange, profile, source)
  }

  /// The metric's key.
  package var name: String {
    measure.name + (isChange ? Self.change : "") + (profile.map { "@\($0)" } ?? "")
      + (source.map { ":\($0)" } ?? "")
  }

  /// nil for a metric of another kind, whose name has no profile and no source.
  package init?(named name: String) {
    guard let end = name.firstIndex(where: { $0 == "@" || $0 == ":" }), end > name.startIndex else {
      return nil
    }
    let (head, tail) = (name[..<end], name[end...])
    isChange = head.hasSuffix(Self.change)
    measure = PictureMeasure(String(isChange ? head.dropLast(Self.change.count) : head))
    let colon = tail.firstIndex(of: ":")
    profile = tail.hasPrefix("@") ? String(tail[..<(colon ?? tail.endIndex)].dropFirst()) : nil
    source = colon.map { String(tail[tail.index(after: $0)...]) }
  }
}
