// UA, IRA and CRA of UnlearnCanvas (Zhang et al., 2024), section 4: the judge of the forgotten
// theme's kind answers for UA and IRA, the judge of the other kind for CRA.

/// Share of pictures asked for with the forgotten theme in which its judge does not see it.
package struct UnlearningAccuracy: Metric {
  package static let name = "ua"
  package static let title = "Unlearning accuracy"
  package static let better = Better.higher
  package init() {}

  package func measure(_ p: JudgedSet, forgotten f: Forgotten, reference: JudgedSet?)
    -> MeasuredValue?
  {
    let asked = p.asked.indices.filter { f.contains(p.asked[$0]) }
    guard !asked.isEmpty else { return nil }
    let gone = asked.filter { p.seen[$0][f.kind] != p.asked[$0][f.kind] }
    return .share(Self.name, gone.count, of: asked.count)
  }
}

/// Accuracy on the other themes of the same kind.
package struct InDomainRetainAccuracy: Metric {
  package static let name = "ira"
  package static let title = "In-domain retain accuracy"
  package static let better = Better.higher
  package init() {}

  package func measure(_ p: JudgedSet, forgotten f: Forgotten, reference: JudgedSet?)
    -> MeasuredValue?
  {
    retained(p, f, kind: f.kind, Self.name)
  }
}

/// Accuracy of the other kind, on pictures asked for without the forgotten theme.
package struct CrossDomainRetainAccuracy: Metric {
  package static let name = "cra"
  package static let title = "Cross-domain retain accuracy"
  package static let better = Better.higher
  package init() {}

  package func measure(_ p: JudgedSet, forgotten f: Forgotten, reference: JudgedSet?)
    -> MeasuredValue?
  {
    retained(p, f, kind: f.kind == "object" ? "style" : "object", Self.name)
  }
}

private func retained(_ p: JudgedSet, _ f: Forgotten, kind: String, _ name: String)
  -> MeasuredValue?
{
  let asked = p.asked.indices.filter { !f.contains(p.asked[$0]) && p.asked[$0][kind] != nil }
  guard !asked.isEmpty else { return nil }
  return .share(name, asked.filter { p.seen[$0][kind] == p.asked[$0][kind] }.count, of: asked.count)
}
