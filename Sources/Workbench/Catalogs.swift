public import Attacks
public import Evaluation
public import Unlearning

/// The methods, attacks, metrics and judges that commands and benchmarks know by name. A program with its own passes a value
/// with additions. No global registration exists.
public struct Catalogs: Sendable {
  public var methods = MethodCatalog.builtIn
  public var attacks = AttackCatalog.builtIn
  public var metrics = MetricCatalog.builtIn
  public var judges = JudgeCatalog.builtIn

  public init() {}

  /// Lethe's own methods, attacks, metrics and judges.
  public static let builtIn = Catalogs()
}
