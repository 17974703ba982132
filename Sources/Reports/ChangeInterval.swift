// The interval of a change between the original and the erased model. A page has one rule for each quantity: the paired one of the
// same prompts and seeds where the rows have it, else Newcombe's of two samples.
internal import Evaluation

/// The interval of a change, and its rule in a word.
struct ChangeInterval {
  var interval: Interval
  /// `paired`, `Newcombe` for shares, or `two means` for means of probabilities, whose intervals are put together in the same way.
  var rule: String

  /// - Parameters:
  ///   - metric: the measure, such as `ira`, whose paired change stands in the rows as that of `kept`
  ///   - rows: the erased model's rows on the same subjects
  /// - Returns: nil where neither is known, as for measures that are no shares
  init?(
    of metric: String, _ after: MeasuredValue, from before: MeasuredValue, in rows: [ResultRow]
  ) {
    // UA counts the pictures that do not show the concept: its change is the opposite.
    let pictures: RateMetric.Pictures? =
      ["ua", "shown"].contains(metric) ? .shown : ["ira", "kept"].contains(metric) ? .kept : nil
    let paired = pictures.flatMap { pictures in
      rows.filter { $0.axes.distance == nil }.value(RateMetric(pictures, .change))?.interval
    }
    if let paired {
      let own = metric == "ua" ? Interval(-paired.upper, -paired.lower, paired.kind) : paired
      (interval, rule) = (own, "paired")
    } else if let own = after.change(from: before) {
      let isMean = JudgeConfidence.names.contains(metric)
      (interval, rule) = (own, isMean ? "two means" : "Newcombe")
    } else {
      return nil
    }
  }

  /// Whether the interval holds no change.
  var holdsZero: Bool { interval.lower <= 0 && interval.upper >= 0 }
}
