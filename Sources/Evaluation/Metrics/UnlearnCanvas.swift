// UA, IRA and CRA of UnlearnCanvas (Zhang et al., NeurIPS 2024), section 4. UA and IRA come from the judge of the
// forgotten concept's kind, CRA from the judge of the other kind.

/// Share of the pictures asked for with the forgotten concept in which the judge does not see it.
package struct UnlearningAccuracy: Metric {
  package static let name = "ua"
  package static let title = "Unlearning accuracy"
  package static let better = Better.higher
  package init() {}

  package func measure(_ p: JudgedSet, forgotten f: Forgotten, reference: JudgedSet?)
    -> MeasuredValue?
  {
    p.share(Self.name, of: p.asked.indices.filter { f.contains(p.asked[$0]) }) {
      p.seen[$0][f.kind] != p.asked[$0][f.kind]
    }
  }
}

/// Share of the pictures asked for with another subject of the same kind in which the judge sees that subject.
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

/// Share of the pictures asked for without the forgotten concept in which the judge sees the right subject of the other
/// kind.
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
  return p.share(name, of: asked) { p.seen[$0][kind] == p.asked[$0][kind] }
}
