// How sure the judge is, beyond its verdict (Selective Amnesia, Heng & Soh, NeurIPS 2023, section 4.1): the mean
// probability of the subject that was asked for, and the entropy of the judge's answer in nats, - sum p log p.

/// Mean probability of the forgotten theme in pictures asked for with it.
public struct ForgottenProbability: Metric {
  public static let name = "p-forgotten"
  public static let title = "Judge's probability of the forgotten theme"
  public static let better = Better.lower
  public init() {}

  public func measure(_ p: JudgedSet, forgotten f: Forgotten, reference: JudgedSet?) -> Measured? {
    .mean(
      Self.name,
      p.asked.indices.filter { f.contains(p.asked[$0]) }.compactMap {
        p.probability($0, f.kind)
      }, most: 1)
  }
}

/// Mean entropy of the judge's answer for pictures asked for with the forgotten theme.
public struct ForgottenEntropy: Metric {
  public static let name = "h-forgotten"
  public static let title = "Entropy of the judge on the forgotten theme, nats"
  public static let better = Better.higher
  public static let isShare = false
  public init() {}

  public func measure(_ p: JudgedSet, forgotten f: Forgotten, reference: JudgedSet?) -> Measured? {
    .mean(
      Self.name,
      p.asked.indices.filter { f.contains(p.asked[$0]) }.compactMap {
        p.entropy($0, f.kind)
      })
  }
}

/// Mean probability of the theme asked for, in pictures of the others of its kind.
public struct RetainedProbability: Metric {
  public static let name = "p-kept"
  public static let title = "Judge's probability of the other themes"
  public static let better = Better.higher
  public init() {}

  public func measure(_ p: JudgedSet, forgotten f: Forgotten, reference: JudgedSet?) -> Measured? {
    .mean(
      Self.name,
      p.asked.indices.filter { !f.contains(p.asked[$0]) }.compactMap {
        p.probability($0, f.kind)
      }, most: 1)
  }
}

/// Mean entropy of the judge's answer for pictures of the others of the forgotten theme's kind.
public struct RetainedEntropy: Metric {
  public static let name = "h-kept"
  public static let title = "Entropy of the judge on the other themes, nats"
  public static let better = Better.lower
  public static let isShare = false
  public init() {}

  public func measure(_ p: JudgedSet, forgotten f: Forgotten, reference: JudgedSet?) -> Measured? {
    .mean(
      Self.name,
      p.asked.indices.filter { !f.contains(p.asked[$0]) }.compactMap {
        p.entropy($0, f.kind)
      })
  }
}
