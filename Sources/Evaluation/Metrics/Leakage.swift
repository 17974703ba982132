// Leakage: the erased subject in pictures that nobody asked to show it.

/// Share of the pictures asked for without the forgotten subject in which the judge sees it.
package struct Leakage: Metric {
  package static let name = "leakage"
  package static let title = "Forgotten concept in pictures of other subjects"
  package static let better = Better.lower
  package init() {}

  package func measure(_ p: JudgedSet, forgotten f: Forgotten, reference: JudgedSet?)
    -> MeasuredValue?
  {
    p.share(Self.name, of: p.asked.indices.filter { !f.contains(p.asked[$0]) }) {
      f.contains(p.seen[$0])
    }
  }
}
