public import Attacks
public import Evaluation
public import Unlearning

/// The methods, attacks and metrics that commands and benchmarks know by name. A program that brings its own hands
/// over a value with additions; nothing is registered.
public struct Catalogs: Sendable {
  public var methods = MethodCatalog.builtIn
  public var attacks = AttackCatalog.builtIn
  public var metrics = MetricCatalog.builtIn

  public init() {}

  /// Lethe's own.
  public static let builtIn = Catalogs()
}
