// Confidence of the judge (Selective Amnesia, Heng & Soh, NeurIPS 2023, section 4.1): the mean probability of the
// subject that was asked for, and the mean entropy of the judge's answer in nats, - sum p log p.

/// Mean probability of the forgotten theme in the pictures that were asked for with it.
package struct ForgottenProbability: Metric {
  package static let name = "p-forgotten"
  package static let title = "Judge's probability of the forgotten theme"
  package static let better = Better.lower
  package init() {}

  package func measure(_ p: JudgedSet, forgotten f: Forgotten, reference: JudgedSet?)
    -> MeasuredValue?
  {
    .mean(Self.name, p.asked(f).compactMap { p.probability($0, f.kind) }, .share, most: 1)
  }
}

/// Mean entropy of the judge's answer for the pictures that were asked for with the forgotten theme.
package struct ForgottenEntropy: Metric {
  package static let name = "h-forgotten"
  package static let title = "Entropy of the judge on the forgotten theme, nats"
  package static let better = Better.higher
  package static let unit = MeasuredValue.Unit.nats
  package init() {}

  package func measure(_ p: JudgedSet, forgotten f: Forgotten, reference: JudgedSet?)
    -> MeasuredValue?
  {
    .mean(Self.name, p.asked(f).compactMap { p.entropy($0, f.kind) }, .nats)
  }
}

/// Mean probability of the theme asked for, over the pictures of the other themes of the forgotten kind.
package struct RetainedProbability: Metric {
  package static let name = "p-kept"
  package static let title = "Judge's probability of the other themes"
  package static let better = Better.higher
  package init() {}

  package func measure(_ p: JudgedSet, forgotten f: Forgotten, reference: JudgedSet?)
    -> MeasuredValue?
  {
    .mean(Self.name, p.others(f).compactMap { p.probability($0, f.kind) }, .share, most: 1)
  }
}

/// Mean entropy of the judge's answer, over the pictures of the other themes of the forgotten kind.
package struct RetainedEntropy: Metric {
  package static let name = "h-kept"
  package static let title = "Entropy of the judge on the other themes, nats"
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
  /// The pictures that were asked for with the forgotten theme.
  fileprivate func asked(_ f: Forgotten) -> [Int] { asked.indices.filter { f.contains(asked[$0]) } }

  /// The pictures that were asked for with another theme.
  fileprivate func others(_ f: Forgotten) -> [Int] {
    asked.indices.filter { !f.contains(asked[$0]) }
  }
}
