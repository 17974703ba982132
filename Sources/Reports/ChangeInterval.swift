// The interval of a change between the original and the erased model. A page has one rule for each quantity: the paired one of the
// same prompts and seeds where the rows have it, else Newcombe's of two samples.
internal import Evaluation

/// The interval of a change, and its rule in a word.
struct ChangeInterval {
  var interval: Interval
  /// `paired` or `Newcombe`.
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
      (interval, rule) = (own, "Newcombe")
    } else {
      return nil
    }
  }

  /// Whether the interval holds no change.
  var holdsZero: Bool { interval.lower <= 0 && interval.upper >= 0 }
}
