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

  /// The judge of these answers; nil where none was measured.
  package var judge: String?
  /// The same by each judge that can tell, in the order of the request; empty where there is one. Attempts end with the success by
  /// the first of them.
  package var byJudge: [AuditMeasurements] = []

  package init() {}

  /// The judges whose answers count: those that can tell; where none is shown to, those that were measured on too few pictures;
  /// and the first judge where no other is left. Judges of pictures that were judged elsewhere come last: they see no attack's.
  package static func deciding(_ judges: [JudgeRecord]) -> [JudgeRecord] {
    let found = [JudgeQuality.Standing.tells, .unknown].lazy
      .map { standing in judges.filter { $0.quality?.standing == standing } }
      .first { !$0.isEmpty }
    guard let found else { return Array(judges.prefix(1)) }
    return found.filter { $0.spec.scheme != ScoreTable.scheme }
      + found.filter { $0.spec.scheme == ScoreTable.scheme }
  }

  /// The attack with the largest share of successes.
  package var strongest: AttackFinding? { attacks.max { $0.share.value < $1.share.value } }

  /// The measurements of results, by each judge that can tell.
  /// - Parameter isByFirst: whether the first judge alone decides, as in audits of older forms
  package init(_ results: Results, isByFirst: Bool = false) {
    let judges =
      isByFirst ? Array(results.judges.prefix(1)) : Self.deciding(results.judges)
    let each = judges.map { AuditMeasurements(results, by: $0) }
    self = each.first ?? AuditMeasurements(results, by: nil)
    guard each.count > 1 else { return }
    byJudge = each
    for i in concepts.indices {
      concepts[i].measured.byJudge = each.compactMap { one in
        i < one.concepts.count ? one.concepts[i].measured : nil
      }
    }
  }

  /// The measurements by one judge.
  private init(_ results: Results, by judge: JudgeRecord?) {
    self.init(results, results.rows.pooled, by: judge)
    let whole = self
    concepts = results.rows.filter { $0.axes.among != nil }.map(\.subject).unique.map { name in
      var one = AuditMeasurements(
        results, results.rows.filter { $0.axes.among != nil && $0.subject == name }, by: judge)
      (one.kept, one.far) = (whole.kept, whole.far)
      (one.keptOriginal, one.farOriginal) = (whole.keptOriginal, whole.farOriginal)
      (one.notFinite, one.pictures) = (whole.notFinite, whole.pictures)
      return (name, one)
    }
  }

  /// - Parameter rows: those on all concepts, or those on one of them
  private init(_ results: Results, _ rows: [ResultRow], by judge: JudgeRecord?) {
    (self.judge, quality) = (judge?.spec.description, judge?.quality)
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
    attacks = own.compactMap(\.axes.attack).unique.compactMap { AttackFinding($0, of: own) }
    let tuned = own.filter { $0.metric == "success" && $0.axes.seed != nil }
    relearning = tuned.compactMap(\.axes.step).unique.sorted().compactMap { step in
      MeasuredValue.repeated(tuned.filter { $0.axes.step == step }.map(\.measured)).map {
        (step, $0)
      }
    }
  }
}
