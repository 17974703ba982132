// Confidence of the judge (Selective Amnesia, Heng & Soh, NeurIPS 2023, section 4.1): the mean probability of the
// subject that was asked for, and the mean entropy of the judge's answer in nats, - sum p log p. Intervals are over
// prompts.

/// Mean probability of the forgotten concept in the pictures that were asked for with it.
package struct ForgottenProbability: Metric {
  package static let name = "p-forgotten"
  package static let title = "Judge's probability of the forgotten concept"
  package static let better = Better.lower
  package init() {}

  package func measure(_ p: JudgedSet, forgotten f: Forgotten, reference: JudgedSet?)
    -> MeasuredValue?
  {
    p.mean(Self.name, of: p.asked(f), .share, most: 1) { p.probability($0, f.kind) }
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
    p.mean(Self.name, of: p.asked(f), .nats) { p.entropy($0, f.kind) }
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
    p.mean(Self.name, of: p.others(f), .share, most: 1) { p.probability($0, f.kind) }
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
    p.mean(Self.name, of: p.others(f), .nats) { p.entropy($0, f.kind) }
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

/// The names of these means.
package enum JudgeConfidence {
  package static let names = [
    ForgottenProbability.name, ForgottenEntropy.name, RetainedProbability.name,
    RetainedEntropy.name,
  ]
}
