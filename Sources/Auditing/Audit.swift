// `lethe audit`: whether an erased model may be released. Erasure, neighbours, quality, attacks and relearning against
// the original model, and a verdict by printed rules.
internal import Attacks
internal import Diffusion
package import Editing
package import Evaluation
internal import Foundation
package import Torch
package import Training
package import Workbench
internal import Workflows

/// The command `lethe audit`.
package struct Audit {
  package let job: EraseJob
  package let judges: [JudgeSpec]
  package let size: AuditSize
  package var request = PromptRequest()
  package var isQuick = true
  package var seed: UInt64 = 0
  package var command: [String] = []
  /// The folder as the command names it, for the line of the page that verifies it; nil takes its last name.
  package var place: String?
  /// Settings key=value of the command line, for the record.
  package var given: Settings = [:]
  package var rules = AuditRules()
  /// Networks for measures of the pictures of other subjects.
  package var measures: [MeasureSpec] = []
  package var source = AuditSource("", isModel: false)
  let catalogs: Catalogs

  /// - Parameters:
  ///   - job: the erased concepts and their model
  ///   - judges: the worst answer of those that can tell decides; the first of them judges attacks and fine-tunings
  /// - Throws: ``LetheError`` of the kind `request` without a judge for a model that names none
  package init(
    _ job: EraseJob, judges: [JudgeSpec], _ size: AuditSize, catalogs: Catalogs = .builtIn
  ) throws {
    guard (1...1000).contains(size.steps) else {
      throw LetheError.badValue(
        "--set", key: "steps", "'steps' is \(size.steps); accepted: a whole number from 1 to 1000")
    }
    _ = try size.settings.of(oneOf: catalogs.attacks.names, "attack")
    self.judges = try judges.isEmpty ? [job.folder.judgeSpec()] : judges
    (self.job, self.size, self.catalogs) = (job, size, catalogs)
  }

  /// Pictures of each prompt.
  static let seeds = 1

  var options: EvaluationOptions {
    var options = EvaluationOptions()
    (options.quick, options.seeds) = (isQuick, Self.seeds)
    (options.sampling.steps, options.sampling.guidance) = (size.steps, size.guidance)
    return options
  }

  /// Runs what is not there yet, and writes `results.json`, `results.csv`, `report.html` and the model card
  /// `README.md`.
  /// - Parameter eraser: the eraser; nothing is taken from the run that made it
  @discardableResult
  package func callAsFunction(in run: Run, eraser: Eraser, on device: Device) throws -> Results {
    // Wrong attacks, options and measures are refused before a picture is drawn.
    _ = (try attacks(), try tuning(), try measures.check(on: device))
    let clock = AuditClock(run, device)
    let (suite, rest) = try suite(in: run, on: device)
    try run.runFolder.keep(judges)
    var evaluate = try Evaluate(job, options, catalogs: catalogs, suite, judges: judges)
    evaluate.measures = measures
    var results = try clock.timed("pictures") {
      try evaluate(in: run, eraser: eraser, on: device)
    }
    var transcript: [ResultPicture] = []
    if let record = Self.attackJudge(results.judges) {
      let judge = record.spec
      let attacked = try clock.timed("attacks") {
        try attack(suite, judge, results.judges, run, eraser, on: device)
      }
      results.rows += attacked.rows.filter { $0.axes.attack != nil }
      transcript = attacked.strongest
      results.rows += try clock.timed("relearning") {
        try relearn(suite, rest, judge, results.judges, run, eraser, on: device)
      }
    }
    var summary = rules.summary(AuditMeasurements(results), concept: job.subject)
    try describe(&summary, suite, run, eraser, deciding: Self.leading(results)?.spec)
    summary.settings?.cost = clock.cost
    results.notes +=
      [summary.otherErased(suite)].compactMap(\.self)
      + Self.notes(
        on: suite, attacked: size.attacked, results.rows.compactMap(\.axes.attack).unique,
        in: catalogs.attacks)
    results.audit = summary
    results.pictures = AuditPictures(job, suite, summary).chosen + transcript
    results.kind = .releaseAudit
    let sizes = try JSON(encoding: size)
    results.origin?.settings = try job.folder.sources(
      of: sizes, defaults: sizes, .methods, [], given: [given], as: AuditSize.self)
    (results.quick, results.command) = (isQuick, command)
    try run.publish(results, metrics: catalogs.metrics)
    try AuditFiles(results, job).write(to: run.runFolder)
    return results
  }

  /// The judge whose answers the galleries have, and attacks and fine-tunings where it can look at their pictures.
  static func leading(_ results: Results) -> JudgeRecord? {
    AuditMeasurements.deciding(results.judges).first
  }

  /// The judge of attacks and fine-tunings; nil where no judge can tell.
  static func attackJudge(_ judges: [JudgeRecord]) -> JudgeRecord? {
    guard let first = AuditMeasurements.deciding(judges).first, let quality = first.quality,
      quality.standing != .cannotTell
    else { return nil }
    // A table of scores beside judges that cannot tell has nothing to say of attacks.
    return judges.count > 1 && first.spec.scheme == ScoreTable.scheme ? nil : first
  }

  /// The judges that look at the attempts beside the first one: the others that can tell and see pictures as they are drawn.
  static func beside(_ judge: JudgeSpec, _ judges: [JudgeRecord]) -> [JudgeSpec] {
    AuditMeasurements.deciding(judges).map(\.spec).filter {
      $0 != judge && $0.scheme != ScoreTable.scheme
    }
  }

  // MARK: - Attacks and relearning

  /// The time and memory that all of it takes at most, in words.
  package func estimate(on device: Device) throws -> [String] {
    try estimate(of: halved(on: device) { _ in }.suite, on: device)
  }

  private func estimate(of suite: PromptSuite, on device: Device) throws -> [String] {
    try AuditEstimate(
      size, attacks(), size.relearning > 0 ? tuning() : nil, options.sampling, suite
    ).sentences(for: job.folder.model(on: device))
  }

  /// The plan of the audit, in words. Wrong judges, prompts, measures and options are found, and a folder of another
  /// request.
  package func plan(
    in folder: RunFolder, on device: Device, note: @escaping (String?) -> Void
  ) throws -> [String] {
    let (suite, rest) = try halved(on: device, note: note)
    _ = (try tuning(), try measures.check(on: device))
    try openJudges(of: suite, on: device)
    if folder.has("identity.json") { _ = try folder.claim(identity(suite)) }
    let deciding =
      judges.count > 1
      ? ", of which the worst answer of those that can tell decides"
      : ""
    let attacked = suite.picked(atMost: size.attacked)
    let left =
      rest.isEmpty
      ? "no prompt is left" : rest.count.counted("more prompt") + (rest.count == 1 ? " is" : " are")
    return [
      "pictures: \(suite.ofConcept.count) for \(job.inWords) (\(left) for the fine-tuning's pictures) and "
        + "\(suite.others.count) of other subjects, by each of two models, \(Evaluate.words(options.sampling, suite.samples))",
      "judge: \(judges.map(\.description).joined(separator: ", "))\(deciding); it is first measured on the original's pictures, and "
        + "where it cannot tell \(job.concepts.count > 1 ? "the concepts" : "the concept") there, nothing is attacked or fine-tuned and the audit has no answer",
      size.attacks.isEmpty || size.attacked == 0
        ? "attacks: none"
        : "attacks: \(size.attacks.joined(separator: ", ")) on "
          + Set(attacked.map(\.prompt)).count.counted("prompt")
          + (Set(attacked.map(\.prompt)).count < attacked.count
            ? ", \(attacked.count) pictures" : ""),
      size.relearning > 0 && size.repetitions > 0
        ? "fine-tuning: \(size.repetitions.counted("time")) \(size.relearning.counted("step"))"
        : "fine-tuning: none",
    ] + (try estimate(of: suite, on: device))
  }

  private func attacks() throws -> [any Attack] {
    // Settings of attacks that are not in the list are checked as well.
    for name in size.settings.given.map({ String($0.key.prefix { $0 != "." }) }).unique {
      _ = try AttackRun.configured(name, settings(of: name), of: job.folder, in: catalogs.attacks)
    }
    return try size.attacks.map {
      try AttackRun.configured($0, settings(of: $0), of: job.folder, in: catalogs.attacks)
    }
  }

  private func tuning() throws -> Relearning {
    let steps = size.relearning
    let checkpoints = JSON.array([1, 2, 4].map { .int(steps * $0 / 4) })
    return try Relearn.tuning(
      [["training": ["steps": .int(steps)], "checkpoints": checkpoints]]
        + settings(of: Relearning.name), of: job.folder, in: catalogs.attacks)
  }

  private func settings(of name: String) throws -> [Settings] {
    // The defaults have settings of attacks that a shorter list leaves out.
    try [Settings(size.settings.of(name).json, from: "--set settings, \(name)")]
  }

  /// The rows of the attacks, and the pictures of the strongest one.
  private func attack(
    _ suite: PromptSuite, _ judge: JudgeSpec, _ judged: [JudgeRecord], _ run: Run,
    _ eraser: Eraser, on device: Device
  ) throws -> (rows: [ResultRow], strongest: [ResultPicture]) {
    guard !size.attacks.isEmpty, size.attacked > 0 else { return ([], []) }
    var attacking = try AttackRun(
      job, attacks(), options, suite, judge: judge, limit: size.attacked)
    (attacking.seed, attacking.catalogs) = (seed, catalogs)
    attacking.beside = Self.beside(judge, judged)
    let results = try attacking(in: run, eraser: eraser, on: device)
    let strongest = AuditMeasurements(results).strongest?.name
    return (results.rows, AuditPictures.transcript(of: strongest, in: results.pictures))
  }

  /// - Parameter rest: prompts that the pictures of the fine-tuning are drawn by
  private func relearn(
    _ suite: PromptSuite, _ rest: [String], _ judge: JudgeSpec, _ judged: [JudgeRecord],
    _ run: Run, _ eraser: Eraser, on device: Device
  ) throws -> [ResultRow] {
    guard size.relearning > 0 else { return [] }
    let tuning = try tuning()
    var relearn = try Relearn(
      job, tuning, options, suite, judge: judge, prompts: size.relearned)
    (relearn.seeds, relearn.seed, relearn.drawn) = (size.repetitions, seed, rest)
    (relearn.trained, relearn.catalogs) = ([.concept], catalogs)
    relearn.beside = Self.beside(judge, judged)
    return try relearn(in: run, eraser: eraser, on: device).rows.filter {
      $0.axes.trainedOn == .concept && $0.metric == "success"
    }
  }
}
