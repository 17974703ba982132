internal import Torch

/// Metrics by name, in the order of reports. A catalog is a value. A program with metrics of its own passes the
/// result of ``adding(_:)`` to the commands and pages. No global registration exists.
public struct MetricCatalog: Sendable {
  /// The metrics in the order of reports.
  public let all: [any Metric.Type]

  /// Lethe's own metrics. A new metric needs a file and one line here.
  public static let builtIn = MetricCatalog(all: [
    UnlearningAccuracy.self,
    InDomainRetainAccuracy.self,
    CrossDomainRetainAccuracy.self,
    Composition.self,
    Leakage.self,
    FrechetDistance.self,
    Precision.self,
    Recall.self,
    ForgottenProbability.self,
    ForgottenEntropy.self,
    RetainedProbability.self,
    RetainedEntropy.self,
  ])

  private init(all: [any Metric.Type]) { self.all = all }

  /// The metrics' names, in the catalog's order.
  public var names: [String] { all.map { $0.name } }

  /// This catalog with `more` after its own metrics.
  /// - Throws: ``LetheError`` of the kind `request` for a name that is in use
  public func adding(_ more: any Metric.Type...) throws -> MetricCatalog {
    try more.reduce(self) { catalog, metric in
      guard !catalog.names.contains(metric.name) else {
        throw LetheError.request(
          "metric '\(metric.name)': the name is in use; choose one other than \(catalog.names.joined(separator: ", "))"
        )
      }
      return MetricCatalog(all: catalog.all + [metric])
    }
  }

  /// The metric of a name. It is nil for other values of `results.json`, such as costs.
  public func named(_ name: String) -> (any Metric.Type)? { all.first { $0.name == name } }

  /// The metric's name with an arrow in the direction in which it improves.
  public func heading(_ name: String) -> String {
    guard let known = named(name) else { return name }
    return "\(name) \(known.better == .higher ? "↑" : "↓")"
  }
}
