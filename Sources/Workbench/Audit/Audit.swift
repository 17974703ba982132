// `lethe audit`: whether an erased model may be released. Erasure, neighbours, quality, attacks and relearning against the
// original model, and a verdict by printed rules.
package import Attacks
internal import Diffusion
package import Editing
package import Evaluation
internal import Foundation
package import Torch
package import Training

/// The command `lethe audit`.
package struct Audit {
  package let job: EraseJob
  package let judges: [JudgeSpec]
  package let size: AuditSize
  package var request = PromptRequest()
  package var isQuick = true
  package var seed: UInt64 = 0
  package var command: [String] = []
  package var rules = AuditRules()
  /// Where the eraser comes from: its file or run, or the folder of a model erased elsewhere.
  package var source = ""
  private let catalog: AttackCatalog

  /// - Parameters:
  ///   - job: what was erased from which model
  ///   - judges: the first one decides
  /// - Throws: ``LetheError`` of the kind `request` without a judge for a model that names none
  package init(
    _ job: EraseJob, judges: [JudgeSpec], _ size: AuditSize, catalog: AttackCatalog = .builtIn
  ) throws {
    self.judges = try judges.isEmpty ? [job.folder.judgeSpec()] : judges
    (self.job, self.size, self.catalog) = (job, size, catalog)
  }

  private var options: EvaluationOptions {
    var options = EvaluationOptions()
    (options.quick, options.seeds) = (isQuick, 1)
    (options.sampling.steps, options.sampling.guidance) = (size.steps, size.guidance)
    return options
  }

  /// Runs what is not there yet, and writes `results.json`, `results.csv`, `report.html` and the model card `README.md`.
  /// - Parameter eraser: the eraser; nothing is taken from the run that made it
  @discardableResult
  package func callAsFunction(in run: Run, eraser: Eraser, on device: Device) throws -> Results {
    let suite = try suite(in: run, on: device)
    try run.runFolder.keep(judges)
    var results = try Evaluate(job, options, suite, judges: judges)(
      in: run, eraser: eraser, on: device)
    if let quality = results.judges.first?.quality, quality.verdict != .cannotTell {
      results.rows += try attack(suite, run, eraser, on: device)
      results.rows += try relearn(suite, run, eraser, on: device)
    }
    var summary = rules.summary(AuditMeasurements(results), concept: job.subject)
    try describe(&summary, suite, run, eraser)
    results.audit = summary
    results.pictures = try pictures(suite, summary, run)
    results.kind = .releaseAudit
    (results.quick, results.command) = (isQuick, command)
    try run.publish(results)
    try AuditFiles(results, job).write(to: run.runFolder)
    return results
  }

  // MARK: - Prompts

  /// The prompts of the audit: the other subjects, and the half of the concept's prompts that the seed holds out.
  private func suite(in run: Run, on device: Device) throws -> PromptSuite {
    var request = request
    (request.prompts, request.neighbours) = (size.prompts, size.neighbours)
    let whole = try request.suite(of: job, options, on: device)
    let own = whole.ofConcept
    let kept = request.hasFiles || own.count < 4 ? own.count : own.count / 2
    let picks = Tensor.permutation(own.count, Generator(seed: seed)).prefix(kept).sorted()
    var suite = whole
    suite.samples = picks.map { own[$0] } + whole.others
    var asked: JSON = [
      "suite": try JSON(encoding: suite), "size": try JSON(encoding: size), "seed": JSON(seed),
      "model": .string(job.model), "method": .string(job.method),
      "judges": .array(judges.map { .string($0.description) }),
    ]
    if let additions = job.additions { asked["additions"] = try JSON(encoding: additions) }
    let identity = RunIdentity("audit", asked)
    _ = try run.runFolder.claim(identity)
    try run.runFolder.write(suite, to: "prompts.json")
    return suite
  }

  // MARK: - Attacks and relearning

  private func settings(of name: String) -> [String] {
    size.settings.filter { $0.hasPrefix(name + ".") }
      .map { String($0.dropFirst(name.count + 1)) }
  }

  private func attack(
    _ suite: PromptSuite, _ run: Run, _ eraser: Eraser, on device: Device
  ) throws -> [ResultRow] {
    guard !size.attacks.isEmpty, size.attacked > 0 else { return [] }
    let attacks = try size.attacks.map {
      try AttackRun.configured($0, settings(of: $0), of: job.folder, in: catalog)
    }
    var attacking = try AttackRun(
      job, attacks, options, suite, judge: judges[0], limit: size.attacked)
    attacking.seed = seed
    return try attacking(in: run, eraser: eraser, on: device).rows
      .filter { $0.axes.attack != nil }
  }

  private func relearn(
    _ suite: PromptSuite, _ run: Run, _ eraser: Eraser, on device: Device
  ) throws -> [ResultRow] {
    guard size.relearning > 0 else { return [] }
    let steps = size.relearning
    let checkpoints = [1, 2, 4].map { "\(steps * $0 / 4)" }.joined(separator: ",")
    let attack = try AttackRun.configured(
      Relearning.name,
      ["training.steps=\(steps)", "checkpoints=[\(checkpoints)]"] + settings(of: Relearning.name),
      of: job.folder, in: catalog)
    guard let tuning = attack as? Relearning else { return [] }
    var relearn = try Relearn(
      job, tuning, options, suite, judge: judges[0], prompts: size.relearned)
    (relearn.seeds, relearn.seed) = (size.repetitions, seed)
    return try relearn(in: run, eraser: eraser, on: device).rows.filter {
      $0.axes.trainedOn == .concept && $0.metric == "success"
    }
  }

  // MARK: - What the verdict rests on

  private func describe(
    _ summary: inout AuditSummary, _ suite: PromptSuite, _ run: Run, _ eraser: Eraser
  ) throws {
    summary.subject = [
      "concept": job.subject, "kind": suite.forgotten.kind, "model": job.model,
      "method": job.method, "prompts": suite.name, "eraser": source,
      "concepts": JSON.array(job.concepts.map(JSON.string)).compact,
    ]
    summary.subject["additions"] = try job.additions.map { try JSON(encoding: $0).compact }
    summary.settings = [
      "seed": "\(seed)", "size": try JSON(encoding: size).compact,
      "held out": "\(suite.ofConcept.count) prompts for the concept, chosen by the seed",
      "lethe": Version.current, "libtorch": Runtime.version,
    ]
    summary.hashes = [
      "base": eraser.card.base, "eraser": try eraser.hash(),
      "prompts": try JSON(encoding: suite).compact.sha256,
    ]
    for folder in ["original", "erased"] {
      let set = try SampleSet(run.place(folder))
      for sample in set.manifest.samples {
        summary.pictures["\(folder)/\(sample.file)"] = try set.url(sample).sha256()
      }
    }
    for spec in judges {
      let judge = try spec.open(asked: suite.question, on: .cpu)
      summary.hashes["judge \(spec)"] = judge.about.hash
      guard spec == judges[0], !judge.classes.isEmpty else { continue }
      for folder in ["original", "erased"] {
        let judged = try judge.judged(SampleSet(run.place(folder)))
        for (i, sample) in judged.samples.enumerated() {
          summary.shown["\(folder)/\(sample.file)"] = suite.forgotten.contains(judged.seen.seen[i])
        }
      }
    }
  }

  /// Pictures for the page: failures first, then typical ones, each the original's and the erased model's.
  private func pictures(
    _ suite: PromptSuite, _ summary: AuditSummary, _ run: Run
  ) throws -> [ResultPicture] {
    func pairs(_ samples: [SampleSet.Sample], _ count: Int) -> [ResultPicture] {
      samples.prefix(count).flatMap { sample in
        ["original", "erased"].map { folder in
          let file = "\(folder)/\(sample.file)"
          return ResultPicture(
            file, folder == "original" ? "original" : job.method, job.subject,
            prompt: sample.prompt, caption: "\(sample.prompt) · seed \(sample.seed)",
            showsConcept: summary.shown[file]
          ) { $0.distance = suite.distances[sample.subjects[suite.forgotten.kind] ?? ""] }
        }
      }
    }
    let own = suite.ofConcept
    let failed = own.filter { summary.shown["erased/\($0.file)"] == true }
    let rest = own.filter { summary.shown["erased/\($0.file)"] != true }
    return pairs(failed + rest, 12) + pairs(suite.others, 18)
  }
}
