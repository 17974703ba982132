package import Attacks
package import Evaluation
package import Unlearning

/// The methods, attacks and metrics that commands and benchmarks know by name. A program with its own passes a value
/// with additions. No global registration exists.
package struct Catalogs: Sendable {
  package var methods = MethodCatalog.builtIn
  package var attacks = AttackCatalog.builtIn
  package var metrics = MetricCatalog.builtIn

  package init() {}

  /// Lethe's own methods, attacks and metrics.
  package static let builtIn = Catalogs()
}
