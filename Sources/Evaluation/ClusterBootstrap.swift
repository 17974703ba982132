// The cluster bootstrap (Field & Welsh, JRSS B 2007): pictures of one prompt are not independent, so whole prompts are drawn.
// Of C prompts, C are drawn with replacement, and the statistic is computed anew from all pictures of those drawn:
//
//   interval = order statistics ceil(0.025 B) and ceil(0.975 B) of the B statistics
//
// Two cases have another interval. A share or a change that is the same in every picture has no spread to draw from: its
// interval is Wilson's with as many trials as prompts. Of fewer than ten prompts there are too few different resamples: the
// interval of a mean is Student's t with the standard error of clusters and C - 1 degrees of freedom.
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

  /// A share of pictures with its interval: Wilson's for one picture a prompt, and for pictures of a single prompt, a
  /// class say, which speak for that prompt alone.
  package func share(_ metric: String, _ hits: [Bool]) -> MeasuredValue {
    let count = hits.filter { $0 }.count
    guard clusters.count > 1, clusters.count < hits.count else {
      return .share(metric, count, of: hits.count)
    }
    guard count > 0, count < hits.count else {
      return counted(
        MeasuredValue(
          metric, count > 0 ? 1 : 0, .share, n: hits.count,
          .wilson(count > 0 ? clusters.count : 0, of: clusters.count)))
    }
    return mean(metric, hits.map { $0 ? 1 : 0 }, .share, within: 0...1)
  }

  /// Differences of two systems in the same pictures, each -1 to 1, as a mean with its interval.
  package func change(_ metric: String, _ differences: [Double]) -> MeasuredValue {
    guard Set(differences).count == 1,
      let reach = Interval.wilson(0, of: clusters.count)?.upper
    else { return mean(metric, differences, .share, within: -1...1) }
    let mean = differences.mean
    return counted(
      MeasuredValue(
        metric, mean, .share, n: differences.count,
        Interval(max(-1, mean - reach), min(1, mean + reach), .clusters95)))
  }
}
