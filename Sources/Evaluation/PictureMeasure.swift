/// A measure of pictures by a network, of which a metric is a profile. The metric `fid@pytorch-fid` is one of `fid`.
package enum PictureMeasure: String, CaseIterable, Sendable {
  case clipScore = "clip-score"
  case fid, kid, cmmd, lpips

  /// The key of a metric in `results.json`.
  /// - Parameters:
  ///   - profile: the definition; nil where there is one alone
  ///   - source: the network or the real pictures, where there may be several
  package func metric(_ profile: String?, of source: String? = nil) -> String {
    rawValue + (profile.map { "@\($0)" } ?? "") + (source.map { ":\($0)" } ?? "")
  }

  /// The measure of a metric of `results.json`; nil for others.
  package init?(of metric: String) {
    let found = Self.allCases.first { measure in
      ["@", ":"].contains { metric.hasPrefix(measure.rawValue + $0) }
    }
    guard let found else { return nil }
    self = found
  }
}
