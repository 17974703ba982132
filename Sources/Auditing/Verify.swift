// `lethe verify`: an audit checked by somebody who does not trust its author. A seeded sample of its pictures is drawn
// again from model, eraser and prompts, all are judged again, and every number of the verdict is computed again.
internal import Diffusion
internal import Editing
internal import Evaluation
internal import Foundation
package import Torch
package import Training
package import Workbench

/// The command `lethe verify`.
package struct Verify {
  let folder: RunFolder
  /// Share of the pictures that are drawn again, 0 to 1.
  package var share = 0.05
  package var seed: UInt64 = 0
  /// The catalogs in which judges and metrics are looked up.
  package var catalogs = Catalogs.builtIn
  /// Largest mean difference of a picture that still counts as drawn by the same recipe, of 255.
  package static let tolerance = 2.0

  package init(_ folder: RunFolder) { self.folder = folder }

  package struct Outcome: Sendable {
    /// Pictures drawn again; those with the same bytes; those within the tolerance.
    package var drawn = 0
    package var equal = 0
    package var near = 0
    /// Files in the folder that the audit did not make; they are no part of it.
    package var extra: [String] = []
    /// Differences from the audit's files, as sentences.
    package var faults: [String] = []
    /// Parts of the record that nothing can be held against, with what they say.
    package var unverified: [String] = []
    package var reproduced: Int { equal + near }
  }

  /// - Throws: ``LetheError`` of the kind `request` for a folder without an audit
  package func callAsFunction(in run: Run, on device: Device) throws -> Outcome {
    for name in ["results.json", "prompts.json", "attack/results.json", "relearn/results.json"] {
      _ = try folder.own(name)
    }
    if let fault = folder.noAudit { throw fault }
    var results = try folder.results()
    guard let audit = results.audit, folder.has("prompts.json") else {
      throw folder.noAudit(so: "no audit")
    }
    try Self.check(schema: audit.schema, folder)
    guard !results.judges.isEmpty || audit.schema == nil else {
      throw LetheError(
        .model, in: folder.file("results.json").path, key: "judges",
        "'judges' is missing; accepted: the judges of the audit, with their measurements")
    }
    if !Self.namesProfiles(audit) {
      results.rows = results.rows.map { row in row.with { $0.profile = nil } }
    }
    let suite: PromptSuite = try Checked(contentsOf: folder.file("prompts.json")).decoded()
    let subject = try Subject(audit, suite)
    run.note(Self.outside(results, audit))
    var outcome = Outcome()
    try self.check(keys: results, audit, &outcome)
    outcome.extra = extra(beside: audit)
    outcome.unverified = unverified(results, audit)
    func check(_ name: String, _ written: String?, _ found: String) {
      guard written != found else { return }
      outcome.faults.append("\(name) is another one than the audit's")
    }
    check("prompts", audit.hashes.prompts, try JSON(encoding: suite).compact.sha256)
    for spec in try subject.measures {
      check("measure \(spec)", audit.hashes.measures["\(spec)"], try spec.hash())
    }
    let files =
      audit.pictures.map { ($0, $1, "picture") } + (audit.files ?? [:]).map { ($0, $1, "file") }
    var gone = 0
    for (name, hash, what) in files.sorted(by: { $0.0 < $1.0 }) {
      let file = try folder.own(name, named: "results.json")
      if !FileManager.default.fileExists(atPath: file.path) {
        outcome.faults.append("the \(what) \(name) is missing")
        gone += audit.pictures[name] == nil ? 0 : 1
      } else if file.sha256() != hash {
        outcome.faults.append("the \(what) \(name) is another one than the audit's")
      }
    }
    self.check(hashed: audit, subject, &outcome)
    guard gone == 0 else {
      outcome.faults.append(
        "\(gone.counted("picture")) \(gone == 1 ? "is" : "are") missing, so that nothing was measured or drawn again"
      )
      return outcome
    }
    try measure(again: results, subject, &outcome, on: device)
    recompute(results, audit, &outcome)
    try self.check(facts: results, subject, &outcome)
    try self.check(attacks: results, subject, &outcome, on: device)
    try self.check(relearning: results, subject, &outcome)
    try self.check(pages: results, subject, &outcome)
    try draw(again: results, subject, &outcome, run, on: device)
    return outcome
  }

  /// The subject of the audit, as its author wrote it.
  struct Subject {
    let audit: AuditSummary
    let suite: PromptSuite
    let concepts: [String]
    let method: String
    let model: ModelFolder
    /// The eraser's file or run, or the model erased elsewhere.
    let source: AuditSource

    init(_ audit: AuditSummary, _ suite: PromptSuite) throws {
      (self.audit, self.suite) = (audit, suite)
      (concepts, method) = (audit.subject.concepts, audit.subject.method)
      model = ModelFolder(audit.subject.model, audit.subject.additions ?? ModelAdditions())
      source = AuditSource(audit.subject.eraser, isModel: audit.subject.isErasedElsewhere)
    }

    /// The erasure, as rows and pages name it.
    var job: EraseJob { audit.subject.job }

    /// The networks of measures.
    var measures: [MeasureSpec] {
      get throws {
        try audit.hashes.measures.keys.sorted().map(MeasureSpec.init(parsing:))
      }
    }
  }

  /// A sentence on what is read from elsewhere, by the names that the audit's author wrote.
  private static func outside(_ results: Results, _ audit: AuditSummary) -> String {
    let named =
      ["model \(audit.subject.model)", "eraser \(audit.subject.eraser)"]
      + results.judges.map { "judge \($0.spec)" }
      + audit.hashes.measures.keys.sorted().map { "measure \($0)" }
    return "read as the audit names them: \(named.joined(separator: ", "))"
  }

  // MARK: - Pictures

  private func draw(
    again results: Results, _ subject: Subject, _ outcome: inout Outcome, _ run: Run,
    on device: Device
  ) throws {
    let (audit, suite, source) = (subject.audit, subject.suite, subject.source)
    let base = try subject.model.model(on: device)
    if audit.hashes.base != base.hash() {
      outcome.faults.append("the original model is another one than the audit's")
      return
    }
    let eraser = try AuditSubject(
      source.isModel ? source.path : subject.model.path, subject.model.additions,
      with: source.isModel ? nil : source.path,
      original: source.isModel ? subject.model.path : nil, concepts: subject.concepts, kind: nil,
      on: device
    ).eraser
    if try audit.hashes.eraser != eraser.hash() {
      outcome.faults.append("the eraser is another one than the audit's")
      return
    }
    if !source.isModel, eraser.card.method != subject.method {
      outcome.faults.append(
        "the method is '\(subject.method)' in results.json, and '\(eraser.card.method)' in the eraser"
      )
    }
    let judge = try Self.leading(results, audit)?.spec.open(
      asked: suite.question, on: device, in: catalogs.judges)
    let picks = picks(suite.samples, batch: base.batch(atMost: EvaluationOptions().batch))
    let count = picks.reduce(0) { $0 + $1.count }
    for (place, model) in [("original", base), ("erased", try base.applying([eraser]))] {
      var done = 0
      for members in picks {
        let pictures = try Self.pictures(of: members, by: model, results.sampling)
        for (sample, new) in zip(members, pictures) {
          done += 1
          run.progress(place, done, count)
          try compare(
            new, with: "\(place)/\(sample.file)", sample, subject, judge: judge, &outcome)
        }
      }
    }
  }

  /// Whole batches of the audit's pictures in a seeded order, as many as hold the share that is asked for: a picture
  /// has the same bytes in a batch of the same pictures alone.
  private func picks(_ samples: [SampleSet.Sample], batch: Int) -> [[SampleSet.Sample]] {
    let batches = SampleSet.batches(samples, of: batch)
    let wanted = max(1, Int((share * Double(samples.count)).rounded(.up)))
    var picked: [[SampleSet.Sample]] = []
    for number in Tensor.permutation(batches.count, Generator(seed: seed))
    where picked.reduce(0, { $0 + $1.count }) < wanted {
      picked.append(batches[number])
    }
    return picked
  }

  private static func pictures(
    of members: [SampleSet.Sample], by model: DiffusionModel, _ sampling: SamplingOptions
  ) throws -> [Image] {
    try Interrupt.check()
    return try model.images(
      members.map(\.prompt), seeds: members.map(\.seed), members[0].sampling(over: sampling),
      progress: Interrupt.checkStep)
  }

  /// Compares a picture that was drawn again with the audit's file under `name`.
  private func compare(
    _ new: Image, with name: String, _ sample: SampleSet.Sample, _ subject: Subject,
    judge: (any Judge)?, _ outcome: inout Outcome
  ) throws {
    let file = try folder.own(name, named: "prompts.json")
    outcome.drawn += 1
    guard let old = try? PNG.read(file), old.width == new.width, old.height == new.height else {
      outcome.faults.append("the picture \(name) cannot be compared")
      return
    }
    let total = zip(old.pixels, new.pixels).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
    let difference = Double(total) / Double(max(1, old.pixels.count))
    if total == 0 {
      outcome.equal += 1
    } else if difference <= Self.tolerance {
      outcome.near += 1
      let seen = try judge?.judged(new.tensor, asked: [sample.subjects], of: [name]).seen.first
      if let seen, let said = subject.audit.shown[name],
        subject.suite.forgotten.contains(seen) != said
      {
        outcome.faults.append("the judge answers differently for \(name) when it is drawn again")
      }
    } else {
      outcome.faults.append(
        "the picture \(name) is another one when it is drawn again, by "
          + "\((difference * 10).rounded() / 10) of 255 on average")
    }
  }
}

extension RunFolder {
  /// The refusal of a folder that has no results, which says the folder's kind. Nil for one that has some.
  package var noAudit: LetheError? {
    guard !has("results.json") else { return nil }
    let kind =
      has("job.json")
      ? "a run of `lethe erase` that nothing has measured"
      : has("model_index.json")
        ? "a model"
        : has("erasers.json")
          ? "a set of erasers" : has("manifest.json") ? "a folder of pictures" : "no audit"
    return noAudit(so: kind)
  }

  fileprivate func noAudit(so kind: String) -> LetheError {
    let audits = ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
      .filter { RunFolder(file($0)).has("prompts.json") }
    let meant = audits.first.map { "; did you mean '\(url.relativePath)/\($0)'?" } ?? ""
    return .badValue(
      "verify",
      "\(url.relativePath) is \(kind)\(meant.isEmpty ? ";" : meant) accepted: the folder of `lethe audit`"
    )
  }
}
