// Composition: whether an erased model still puts other objects into other styles. A picture counts where the judge
// sees both of the subjects that it was asked for with.

/// Share of the pictures of other pairs of object and style in which the judge sees both.
package struct Composition: Metric {
  package static let name = "composition"
  package static let title = "Other pairs of object and style"
  package static let better = Better.higher
  package init() {}

  package func measure(_ p: JudgedSet, forgotten f: Forgotten, reference: JudgedSet?)
    -> MeasuredValue?
  {
    let pairs = p.asked.indices.filter { p.asked[$0].count > 1 && !f.contains(p.asked[$0]) }
    return p.share(Self.name, of: pairs) { i in
      p.asked[i].allSatisfy { p.seen[i][$0.key] == $0.value }
    }
  }
}
