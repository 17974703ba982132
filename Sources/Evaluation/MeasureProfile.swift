/// The definition behind a row's number, with the version of the network or the judge. Numbers of two profiles are never
/// in one column.
public struct MeasureProfile: Codable, Sendable, Hashable {
  /// The definition: a published program's, as `pytorch-fid`, or a judge's criterion.
  public var name: String
  /// The network that looks at the pictures, or the judge; nil for a measure without one.
  public var network: String?
  /// SHA-256 of the network's or the judge's files; the version of the definition where there are none.
  public var version: String
  /// SHA-256 of the real pictures or of their statistics, which pictures are compared with; nil elsewhere.
  public var reference: String?
  /// The probability that a judge must give for a success; nil for measures without a judge, and where the first choice is enough.
  public var threshold: Double?

  /// - Parameter version: SHA-256 of the network's files, or the version of a definition that needs none
  public init(_ name: String, network: String? = nil, version: String, reference: String? = nil) {
    (self.name, self.network, self.version, self.reference) = (name, network, version, reference)
  }

  /// A share of pictures in which a judge sees a subject as its first choice.
  package init(judge: String, version: String, threshold: Double = 0) {
    self.init("first choice", network: judge, version: version)
    self.threshold = threshold > 0 ? threshold : nil
  }

  /// The network or judge with its version, beside a metric's name that has the definition: `inception 1a2b3c4d`.
  public var text: String { text(network) }

  /// The same beside the name of a metric, where the network may stand already: `1a2b3c4d`.
  package func text(beside metric: String) -> String {
    text(
      network != nil && MeasuredPictures(named: metric)?.source == network ? "" : network)
  }

  private func text(_ network: String?) -> String {
    func short(_ hash: String) -> String { String(hash.prefix(8)) }
    let parts = [
      [
        network,
        version.isEmpty ? nil : network == nil ? "version \(short(version))" : short(version),
      ]
      .compactMap(\.self).filter { !$0.isEmpty }.joined(separator: " "),
      reference.map { "real pictures \(short($0))" } ?? "",
      threshold.map { "threshold \($0)" } ?? "",
    ]
    return parts.filter { !$0.isEmpty }.joined(separator: ", ")
  }
}

extension MeasureProfile: CustomStringConvertible {
  /// The definition and the network: `pytorch-fid, inception 1a2b3c4d`.
  public var description: String { [name, text].filter { !$0.isEmpty }.joined(separator: ", ") }
}
