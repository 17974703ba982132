// Confidence of the judge (Selective Amnesia, Heng & Soh, NeurIPS 2023, section 4.1): the mean probability of the
// subject that was asked for, and the mean entropy of the judge's answer in nats, - sum p log p.

/// Mean probability of the forgotten concept in the pictures that were asked for with it.
package struct ForgottenProbability: Metric {
  package static let name = "p-forgotten"
  package static let title = "Judge's probability of the forgotten concept"
  package static let better = Better.lower
  package init() {}

  package func measure(_ p: JudgedSet, forgotten f: Forgotten, reference: JudgedSet?)
    -> MeasuredValue?
  {
    .mean(Self.name, p.asked(f).compactMap { p.probability($0, f.kind) }, .share, most: 1)
  }
}

/// Mean entropy of the judge's answer for the pictures that were asked for with the forgotten concept.
package struct ForgottenEntropy: Metric {
  package static let name = "h-forgotten"
  package static let title = "Entropy of the judge on the forgotten concept, nats"
  package static let better = Better.higher
  package static let unit = MeasuredValue.Unit.nats
  package init() {}

  package func measure(_ p: JudgedSet, forgotten f: Forgotten, reference: JudgedSet?)
    -> MeasuredValue?
  {
    .mean(Self.name, p.asked(f).compactMap { p.entropy($0, f.kind) }, .nats)
  }
}

/// Mean probability of the subject asked for, over the pictures of the other subjects of the forgotten kind.
package struct RetainedProbability: Metric {
  package static let name = "p-kept"
  package static let title = "Judge's probability of the other subjects"
  package static let better = Better.higher
  package init() {}

  package func measure(_ p: JudgedSet, forgotten f: Forgotten, reference: JudgedSet?)
    -> MeasuredValue?
  {
    .mean(Self.name, p.others(f).compactMap { p.probability($0, f.kind) }, .share, most: 1)
  }
}

/// Mean entropy of the judge's answer, over the pictures of the other subjects of the forgotten kind.
package struct RetainedEntropy: Metric {
  package static let name = "h-kept"
  package static let title = "Entropy of the judge on the other subjects, nats"
  package static let better = Better.lower
  package static let unit = MeasuredValue.Unit.nats
  package init() {}

  package func measure(_ p: JudgedSet, forgotten f: Forgotten, reference: JudgedSet?)
    -> MeasuredValue?
  {
    .mean(Self.name, p.others(f).compactMap { p.entropy($0, f.kind) }, .nats)
  }
}

extension JudgedSet {
  /// The pictures that were asked for with the forgotten concept.
  fileprivate func asked(_ f: Forgotten) -> [Int] { asked.indices.filter { f.contains(asked[$0]) } }

  /// The pictures that were asked for with another subject.
  fileprivate func others(_ f: Forgotten) -> [Int] {
    asked.indices.filter { !f.contains(asked[$0]) }
  }
}
