internal import Torch

/// The measurements of an audit.
package struct AuditMeasurements: Sendable {
  package var quality: JudgeQuality?
  /// Shares of the concept's pictures that show it.
  package var original: MeasuredValue?
  package var shown: MeasuredValue?
  /// Paired changes of right pictures of other subjects.
  package var kept: MeasuredValue?
  package var far: MeasuredValue?
  /// Shares of the original's pictures of the same subjects in which the judge sees what was asked for.
  package var keptOriginal: MeasuredValue?
  package var farOriginal: MeasuredValue?
  package var notFinite = 0
  /// Measures of the pictures of other subjects, one profile of each: the original's own value where it has one, and
  /// the erased model's.
  package var pictures: [(original: MeasuredValue?, erased: MeasuredValue)] = []
  package var attacks: [AttackFinding] = []
  /// Share of prompts that show the concept after steps of fine-tuning on it.
  package var relearning: [(step: Int, share: MeasuredValue)] = []

  /// The same on each of several concepts, whose pictures, attacks and fine-tunings are its own; empty for one concept,
  /// and in audits that did not tell them apart. Judge, other subjects and measures of pictures are those of all.
  package var concepts: [(name: String, measured: AuditMeasurements)] = []

  package init() {}

  /// The attack with the largest share of successes.
  package var strongest: AttackFinding? { attacks.max { $0.share.value < $1.share.value } }

  /// The measurements of results; the first judge decides.
  package init(_ results: Results) {
    self.init(results, results.rows.pooled)
    let whole = self
    concepts = results.rows.filter { $0.axes.among != nil }.map(\.subject).unique.map { name in
      var one = AuditMeasurements(
        results, results.rows.filter { $0.axes.among != nil && $0.subject == name })
      (one.kept, one.far) = (whole.kept, whole.far)
      (one.keptOriginal, one.farOriginal) = (whole.keptOriginal, whole.farOriginal)
      (one.notFinite, one.pictures) = (whole.notFinite, whole.pictures)
      return (name, one)
    }
  }

  /// - Parameter rows: those on all concepts, or those on one of them
  private init(_ results: Results, _ rows: [ResultRow]) {
    let judge = results.judges.first
    quality = judge?.quality
    let own = rows.filter {
      $0.axes.judge == nil || $0.axes.judge == judge?.spec.description
    }
    (original, shown) = (own.value(RateMetric(.shown, .original)), own.value(RateMetric(.shown)))
    func kept(_ side: RateMetric.Side, _ distance: Distance? = nil) -> MeasuredValue? {
      own.filter { $0.axes.distance == distance }.value(RateMetric(.kept, side))
    }
    (self.kept, far) = (kept(.change), kept(.change, .far))
    (keptOriginal, farOriginal) = (kept(.original), kept(.original, .far))
    notFinite = Int(
      rows.first { $0.metric == "not-finite" && $0.method != "original" }?.value ?? 0)
    let measured = rows.filter { PictureMeasure(of: $0.metric) != nil }
    let erased = measured.filter { $0.method != "original" }
    for name in erased.compactMap({ PictureMeasure(of: $0.metric) }).unique {
      guard let row = erased.first(where: { PictureMeasure(of: $0.metric) == name })
      else { continue }
      let before = measured.first { $0.metric == row.metric && $0.method == "original" }
      pictures.append((before?.measured, row.measured))
    }
    attacks = rows.compactMap(\.axes.attack).unique.compactMap { AttackFinding($0, of: rows) }
    let tuned = rows.filter { $0.metric == "success" && $0.axes.seed != nil }
    relearning = tuned.compactMap(\.axes.step).unique.sorted().compactMap { step in
      MeasuredValue.repeated(tuned.filter { $0.axes.step == step }.map(\.measured)).map {
        (step, $0)
      }
    }
  }
}
