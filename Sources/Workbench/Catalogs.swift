package import Attacks
package import Evaluation
package import Unlearning

/// The methods, attacks and metrics that commands and benchmarks know by name. A program that brings its own hands
/// over a value with additions; nothing is registered.
package struct Catalogs: Sendable {
  package var methods = MethodCatalog.builtIn
  package var attacks = AttackCatalog.builtIn
  package var metrics = MetricCatalog.builtIn

  package init() {}

  /// Lethe's own.
  package static let builtIn = Catalogs()
}
