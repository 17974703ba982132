public import Attacks
public import Evaluation
public import Unlearning

/// The methods, attacks, metrics and judges that commands and benchmarks know by name. A program with its own passes a
/// value with additions. No global registration exists.
public struct Catalogs: Sendable {
  /// The unlearning methods.
  public var methods = MethodCatalog.builtIn
  /// The attacks.
  public var attacks = AttackCatalog.builtIn
  /// The metrics of judged pictures.
  public var metrics = MetricCatalog.builtIn
  /// The measures of pictures themselves.
  public var pictureMetrics = PictureMetricCatalog.builtIn
  /// The judges.
  public var judges = JudgeCatalog.builtIn

  /// Lethe's own, to which a program adds.
  public init() {}

  /// Lethe's own methods, attacks, metrics and judges.
  public static let builtIn = Catalogs()
}
