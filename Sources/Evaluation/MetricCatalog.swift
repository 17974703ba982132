internal import Torch

/// Metrics by name, in the order of reports. A catalog is a value: a program that brings metrics of its own hands
/// ``adding(_:)``'s result to what measures and to what writes pages, and nothing is registered.
public struct MetricCatalog: Sendable {
  public let all: [any Metric.Type]

  /// Lethe's own metrics. Adding one: its file, and one line here.
  public static let builtIn = MetricCatalog(all: [
    UnlearningAccuracy.self,
    InDomainRetainAccuracy.self,
    CrossDomainRetainAccuracy.self,
    FrechetDistance.self,
    Precision.self,
    Recall.self,
    ForgottenProbability.self,
    ForgottenEntropy.self,
    RetainedProbability.self,
    RetainedEntropy.self,
  ])

  private init(all: [any Metric.Type]) { self.all = all }

  public var names: [String] { all.map { $0.name } }

  /// This catalog and more metrics, after its own.
  /// - Throws: ``LetheError`` when a name is taken
  public func adding(_ more: any Metric.Type...) throws -> MetricCatalog {
    try more.reduce(self) { catalog, metric in
      guard !catalog.names.contains(metric.name) else {
        throw LetheError.request("the catalog has a metric '\(metric.name)' already")
      }
      return MetricCatalog(all: catalog.all + [metric])
    }
  }

  /// The metric of a name; nil for a value that no metric of the catalog measures, such as a cost.
  public func named(_ name: String) -> (any Metric.Type)? { all.first { $0.name == name } }

  /// The metric's name with the arrow of its better direction.
  public func heading(_ name: String) -> String {
    guard let known = named(name) else { return name }
    return "\(name) \(known.better == .higher ? "↑" : "↓")"
  }
}
