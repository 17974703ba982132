// UA, IRA and CRA of UnlearnCanvas (Zhang et al., 2024), section 4: the judge of the forgotten
// theme's kind answers for UA and IRA, the judge of the other kind for CRA.

/// Share of pictures asked for with the forgotten theme in which its judge does not see it.
public struct UnlearningAccuracy: Metric {
  public static let name = "ua"
  public static let title = "Unlearning accuracy"
  public static let better = Better.higher
  public init() {}

  public func measure(_ p: JudgedSet, forgotten f: Forgotten, reference: JudgedSet?) -> Measured? {
    let asked = p.asked.indices.filter { f.contains(p.asked[$0]) }
    guard !asked.isEmpty else { return nil }
    let gone = asked.filter { p.seen[$0][f.kind] != p.asked[$0][f.kind] }
    return .share(Self.name, gone.count, of: asked.count)
  }
}

/// Accuracy on the other themes of the same kind.
public struct InDomainRetainAccuracy: Metric {
  public static let name = "ira"
  public static let title = "In-domain retain accuracy"
  public static let better = Better.higher
  public init() {}

  public func measure(_ p: JudgedSet, forgotten f: Forgotten, reference: JudgedSet?) -> Measured? {
    retained(p, f, kind: f.kind, Self.name)
  }
}

/// Accuracy of the other kind, on pictures asked for without the forgotten theme.
public struct CrossDomainRetainAccuracy: Metric {
  public static let name = "cra"
  public static let title = "Cross-domain retain accuracy"
  public static let better = Better.higher
  public init() {}

  public func measure(_ p: JudgedSet, forgotten f: Forgotten, reference: JudgedSet?) -> Measured? {
    retained(p, f, kind: f.kind == "object" ? "style" : "object", Self.name)
  }
}

private func retained(_ p: JudgedSet, _ f: Forgotten, kind: String, _ name: String) -> Measured? {
  let asked = p.asked.indices.filter { !f.contains(p.asked[$0]) && p.asked[$0][kind] != nil }
  guard !asked.isEmpty else { return nil }
  return .share(name, asked.filter { p.seen[$0][kind] == p.asked[$0][kind] }.count, of: asked.count)
}
