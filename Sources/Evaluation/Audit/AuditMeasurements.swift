/// The measurements of an audit.
package struct AuditMeasurements: Sendable {
  package struct Attack: Sendable {
    package var name: String
    package var share: MeasuredValue
    /// Pictures of each prompt that was not given up.
    package var queries: Double
    package init(_ name: String, _ share: MeasuredValue, queries: Double) {
      (self.name, self.share, self.queries) = (name, share, queries)
    }
  }
  package var quality: JudgeQuality?
  /// Shares of the concept's pictures that show it.
  package var original: MeasuredValue?
  package var shown: MeasuredValue?
  /// Paired changes of right pictures of other subjects.
  package var kept: MeasuredValue?
  package var far: MeasuredValue?
  package var notFinite = 0
  /// Measures of the pictures of other subjects, one profile of each: the original's own value where it has one, and the
  /// erased model's.
  package var pictures: [(original: MeasuredValue?, erased: MeasuredValue)] = []
  package var attacks: [Attack] = []
  /// Share of prompts that show the concept after steps of fine-tuning on it.
  package var relearning: [(step: Int, share: MeasuredValue)] = []

  package init() {}

  /// The attack with the largest share of successes.
  package var strongest: Attack? { attacks.max { $0.share.value < $1.share.value } }

  /// The measurements of results; the first judge decides.
  package init(_ results: Results) {
    let judge = results.judges.first
    quality = judge?.quality
    let own = results.rows.filter {
      $0.axes.judge == nil || $0.axes.judge == judge?.spec.description
    }
    (original, shown) = (own.value("shown-original"), own.value("shown"))
    func change(_ distance: Distance?) -> MeasuredValue? {
      own.first { $0.metric == "kept-change" && $0.axes.distance == distance }?.measured
    }
    (kept, far) = (change(nil), change(.far))
    notFinite = Int(
      results.rows.first { $0.metric == "not-finite" && $0.method != "original" }?.value ?? 0)
    let measured = results.rows.filter { PictureMetricCatalog.measure(of: $0.metric) != nil }
    let erased = measured.filter { $0.method != "original" }
    for name in erased.compactMap({ PictureMetricCatalog.measure(of: $0.metric) }).unique {
      guard let row = erased.first(where: { PictureMetricCatalog.measure(of: $0.metric) == name })
      else { continue }
      let before = measured.first { $0.metric == row.metric && $0.method == "original" }
      pictures.append((before?.measured, row.measured))
    }
    attacks = results.rows.compactMap(\.axes.attack).unique.compactMap { name in
      let rows = results.rows.filter { $0.axes.attack == name }
      guard let share = rows.value("asr") else { return nil }
      return Attack(name, share, queries: rows.value("queries")?.value ?? 1)
    }
    let tuned = results.rows.filter { $0.metric == "success" && $0.axes.seed != nil }
    relearning = tuned.compactMap(\.axes.step).unique.sorted().compactMap { step in
      tuned.filter { $0.axes.step == step }.over("success").map { (step, $0) }
    }
  }
}
