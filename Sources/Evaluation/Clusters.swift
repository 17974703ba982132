// Shares and paired changes over pictures, of which those of one prompt are not independent (``ClusterBootstrap``).
//
// A statistic that is the same in every picture has no spread to draw from: its interval is Wilson's with as many trials as
// there are prompts.

/// A number for each picture, and the prompt that it belongs to.
package struct Clusters {
  private let values: [Double]
  private let bootstrap: ClusterBootstrap

  /// - Parameter keys: the cluster of each value, e.g. its prompt
  package init(_ values: [Double], by keys: [String]) {
    (self.values, bootstrap) = (values, ClusterBootstrap(keys))
  }

  private var prompts: Int { bootstrap.clusters.count }

  /// Values of 0 and 1 as a share with its interval: Wilson's for one picture a prompt.
  package func share(_ metric: String) -> MeasuredValue {
    let hits = Int(values.reduce(0, +).rounded())
    guard prompts < values.count else { return .share(metric, hits, of: values.count) }
    guard hits > 0, hits < values.count else {
      return MeasuredValue(
        metric, values.mean, .share, n: values.count,
        .wilson(hits > 0 ? prompts : 0, of: prompts))
    }
    return bootstrap.mean(metric, values, .share)
  }

  /// Differences of two systems in the same pictures, each -1 to 1, as a mean with its interval.
  package func difference(_ metric: String) -> MeasuredValue {
    guard Set(values).count == 1, let reach = Interval.wilson(0, of: prompts)?.upper else {
      return bootstrap.mean(metric, values, .share)
    }
    let mean = values.mean
    return MeasuredValue(
      metric, mean, .share, n: values.count,
      Interval(max(-1, mean - reach), min(1, mean + reach), .clusters95))
  }
}
