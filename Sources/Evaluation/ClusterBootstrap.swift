// The cluster bootstrap (Field & Welsh, JRSS B 2007): pictures of one prompt are not independent, so whole prompts are
// drawn. Of C prompts, C are drawn with replacement, and the statistic is computed anew from all pictures of those
// drawn:
//
//   interval = order statistics ceil(0.025 B) and ceil(0.975 B) of the B statistics
//
// Of fewer than ten prompts there are too few different resamples: the interval of a mean is Student's t with the
// standard error of clusters and C - 1 degrees of freedom.
//
// A spread that no or few pictures give is no sign of a small error: resamples of prompts that all succeed are all
// alike, and one failure tells nothing on whether failures come in whole prompts. So shares and changes have a least
// interval, that of C trials of which each is a whole prompt, and each bound is the outer one of the two:
//
//   share p:   Wilson's of p among C trials
//   change d:  d - r ... d + r, where r is the upper bound of Wilson's of 0 among C trials
package import Torch

/// Pictures in clusters, e.g. all pictures of one prompt.
package struct ClusterBootstrap: Sendable {
  /// Indices of the pictures of each cluster, in the order of the clusters' first pictures.
  package let clusters: [[Int]]
  /// B, the resamples behind an interval.
  package static let draws = 2000
  /// Clusters below which no interval is given.
  package static let fewest = 10

  /// - Parameter keys: one key a picture; pictures of equal keys are a cluster
  package init(_ keys: [some Hashable]) {
    let members = Dictionary(grouping: keys.indices) { keys[$0] }
    clusters = keys.unique.compactMap { members[$0] }
  }

  /// The interval of a statistic over pictures.
  /// - Parameters:
  ///   - value: the statistic of all pictures, where resampling shifts it; the interval is then centred on it
  ///   - statistic: a number from indices of pictures, of which some occur several times
  /// - Returns: nil for fewer than ``fewest`` clusters
  package func interval(
    draws: Int = Self.draws, around value: Double? = nil, statistic: ([Int]) -> Double
  ) -> Interval? {
    guard clusters.count >= Self.fewest else { return nil }
    let g = Generator(seed: 1)
    let found = (0..<draws).map { _ in
      statistic(
        Tensor.randint(below: clusters.count, [clusters.count], g).ints.flatMap { clusters[$0] })
    }.sorted()
    let shift = value.map { $0 - found.mean } ?? 0
    let (lower, upper) = Self.middle(found)
    return Interval(lower + shift, upper + shift, .clusters95)
  }

  /// A statistic of weighted pictures with its interval.
  /// - Parameters:
  ///   - count: n, the pictures
  ///   - statistic: a number from weights [n], which say how often each picture occurs
  package func weighted(
    _ metric: String, _ count: Int, _ statistic: (Tensor) -> Double
  ) -> MeasuredValue {
    let value = statistic(Tensor.ones([count], .float64))
    let found = interval(around: value) { picks in
      var counts = [Double](repeating: 0, count: count)
      for pick in picks { counts[pick] += 1 }
      return statistic(Tensor(counts))
    }
    return counted(MeasuredValue(metric, value, n: count, found))
  }

  /// The value with its count of prompts, where they are fewer than the pictures.
  private func counted(_ value: MeasuredValue) -> MeasuredValue {
    var value = value
    value.prompts = clusters.count < value.n && value.interval != nil ? clusters.count : nil
    return value
  }

  /// The order statistics ceil(0.025 B) and ceil(0.975 B) of B ascending numbers.
  static func middle(_ ascending: [Double]) -> (lower: Double, upper: Double) {
    func at(_ q: Double) -> Double {
      // A product such as 0.975 . 40 lies a rounding error above the whole number.
      let rank = Int((q * Double(ascending.count) - 1e-9).rounded(.up))
      return ascending[min(max(rank, 1), ascending.count) - 1]
    }
    return (at(0.025), at(0.975))
  }

  /// The standard error of the mean of `values`, one a picture (Var = sum_c (n_c (m_c - m))^2 / N^2 . C / (C - 1)).
  /// - Returns: nil for fewer than two clusters
  package func standardError(_ values: [Double]) -> Double? {
    let count = Double(clusters.count)
    guard clusters.count > 1 else { return nil }
    let mean = values.mean
    let squares = clusters.map { members in
      let excess = members.reduce(0) { $0 + values[$1] - mean }
      return excess * excess
    }.reduce(0, +)
    let n = Double(values.count)
    return (squares / (n * n) * count / (count - 1)).squareRoot()
  }

  /// The mean of `values`, one a picture, with its interval.
  /// - Parameter bounds: the range of possible means, which the interval is cut to
  package func mean(
    _ metric: String, _ values: [Double], _ unit: MeasuredValue.Unit = .number,
    within bounds: ClosedRange<Double> = -.infinity ... .infinity
  ) -> MeasuredValue {
    let found =
      interval { picks in picks.reduce(0) { $0 + values[$1] } / Double(picks.count) }
      ?? standardError(values).map { error in
        let half = Interval.quantile(clusters.count - 1) * error
        return Interval(values.mean - half, values.mean + half, .t95)
      }
    return counted(
      MeasuredValue(
        metric, values.mean, unit, n: values.count,
        found.map {
          Interval(max(bounds.lowerBound, $0.lower), min(bounds.upperBound, $0.upper), $0.kind)
        }))
  }

  // MARK: - Shares

  /// A share of pictures with its interval, at least Wilson's with as many trials as prompts. One picture a prompt has
  /// Wilson's, and so have pictures of a single prompt, a class say, which speak for that prompt alone.
  package func share(_ metric: String, _ hits: [Bool]) -> MeasuredValue {
    let count = hits.filter { $0 }.count
    guard clusters.count > 1, clusters.count < hits.count else {
      return .share(metric, count, of: hits.count)
    }
    let found = mean(metric, hits.map { $0 ? 1 : 0 }, .share, within: 0...1)
    return counted(found.atLeast(.wilson(share: found.value, of: clusters.count)))
  }

  /// Differences of two systems in the same pictures, each -1 to 1, as a mean with its interval, ``reaching(_:)`` far
  /// enough.
  package func change(_ metric: String, _ differences: [Double]) -> MeasuredValue {
    counted(reaching(mean(metric, differences, .share, within: -1...1)))
  }

  /// A change, -1 to 1, whose interval reaches at least as far on both sides as no change in as many trials as prompts.
  package func reaching(_ change: MeasuredValue) -> MeasuredValue {
    change.atLeast(
      Interval.wilson(0, of: clusters.count).map {
        Interval(max(-1, change.value - $0.upper), min(1, change.value + $0.upper), .clusters95)
      })
  }
}

extension MeasuredValue {
  /// The value with its own interval, stretched to the bounds of another.
  fileprivate func atLeast(_ least: Interval?) -> MeasuredValue {
    guard let least else { return self }
    var value = self
    guard let own = interval, own.lower < least.lower - 1e-9 || own.upper > least.upper + 1e-9
    else {
      value.interval = least
      return value
    }
    value.interval = Interval(min(own.lower, least.lower), max(own.upper, least.upper), own.kind)
    return value
  }
}
