// `lethe verify`: an audit checked by somebody who does not trust its author. A seeded sample of its pictures is drawn again
// from model, eraser and prompts, all are judged again, and every number of the verdict is computed again.
internal import Diffusion
internal import Editing
package import Evaluation
internal import Foundation
package import Torch
package import Training
package import Workbench

/// The command `lethe verify`.
package struct Verify {
  private let folder: RunFolder
  /// Share of the pictures that are drawn again, 0 to 1.
  package var share = 0.05
  package var seed: UInt64 = 0
  /// The catalog in which judges are looked up.
  package var judgeCatalog = JudgeCatalog.builtIn
  /// Largest mean difference of a picture that still counts as drawn by the same recipe, of 255.
  package static let tolerance = 2.0

  package init(_ folder: RunFolder) { self.folder = folder }

  package struct Outcome: Sendable {
    /// Pictures drawn again; those with the same bytes; those within the tolerance.
    package var drawn = 0
    package var equal = 0
    package var near = 0
    /// What does not fit what was written, as sentences.
    package var faults: [String] = []
    package var reproduced: Int { equal + near }
  }

  /// - Throws: ``LetheError`` of the kind `request` for a folder without an audit
  package func callAsFunction(in run: Run, on device: Device) throws -> Outcome {
    for name in ["results.json", "prompts.json", "attack/results.json", "relearn/results.json"] {
      _ = try folder.own(name)
    }
    let results = try folder.results()
    guard let audit = results.audit, folder.has("prompts.json") else {
      throw LetheError.badValue(
        "verify", "\(folder.path) holds no audit; accepted: the folder of `lethe audit`")
    }
    let suite: PromptSuite = try Checked(contentsOf: folder.file("prompts.json")).decoded()
    run.note(Self.outside(results, audit))
    var outcome = Outcome()
    func check(_ name: String, _ found: String) {
      guard audit.hashes[name] != found else { return }
      outcome.faults.append("\(name) is another one than the audit's")
    }
    check("prompts", try JSON(encoding: suite).compact.sha256)
    for name in audit.hashes.keys.sorted() where name.hasPrefix("measure ") {
      check(name, try MeasureSpec(parsing: String(name.dropFirst("measure ".count))).hash())
    }
    for (name, hash) in audit.pictures.sorted(by: { $0.key < $1.key }) {
      let file = try folder.own(name, named: "results.json")
      if file.sha256() != hash {
        outcome.faults.append("the picture \(name) is another one than the audit's")
      }
    }
    try judge(again: results, audit, suite, &outcome, on: device)
    recompute(results, audit, &outcome)
    try draw(again: results, audit, suite, &outcome, run, on: device)
    return outcome
  }

  /// A sentence on what is read from elsewhere, by the names that the audit's author wrote.
  private static func outside(_ results: Results, _ audit: AuditSummary) -> String {
    let named =
      ["model", "eraser"].compactMap { key in audit.subject[key].map { "\(key) \($0)" } }
      + results.judges.map { "judge \($0.spec)" }
      + audit.hashes.keys.filter { $0.hasPrefix("measure ") }.sorted()
    return "read as the audit names them: \(named.joined(separator: ", "))"
  }

  // MARK: - Judges and numbers

  private func judge(
    again results: Results, _ audit: AuditSummary, _ suite: PromptSuite, _ outcome: inout Outcome,
    on device: Device
  ) throws {
    for record in results.judges {
      let judge = try record.spec.open(asked: suite.question, on: device, in: judgeCatalog)
      if audit.hashes["judge \(record.spec)"] != judge.about.hash {
        outcome.faults.append("the judge \(record.spec) is another one than the audit's")
      }
      guard record == results.judges.first, !judge.classes.isEmpty else { continue }
      var sets: [JudgedSet] = []
      var samples: [[SampleSet.Sample]] = []
      for place in ["original", "erased"] {
        let judged = try judge.judged(SampleSet(folder.own(place)))
        sets.append(judged.seen)
        samples.append(judged.samples)
        for (i, sample) in judged.samples.enumerated() {
          let name = "\(place)/\(sample.file)"
          if audit.shown[name] != suite.forgotten.contains(judged.seen.seen[i]) {
            outcome.faults.append("the judge says of \(name) something else than the audit")
          }
        }
      }
      // A judge that cannot tell has no rates in the results.
      guard samples[0] == samples[1], record.quality?.verdict != .cannotTell else { continue }
      let rates = ConceptRates(
        sets[0], sets[1], prompts: samples[0].map(\.prompt), suite.forgotten,
        classes: judge.classes[suite.forgotten.kind] ?? [], distances: suite.distances)
      for m in rates.shown() + rates.kept() {
        let written = results.rows.first {
          $0.metric == m.metric && $0.axes.distance == nil
            && ($0.axes.judge == nil || $0.axes.judge == record.spec.description)
        }
        if written?.value != m.value {
          outcome.faults.append(
            "'\(m.metric)' is \(written?.measured.plain() ?? "missing"), its pictures give \(m.plain())"
          )
        }
      }
    }
  }

  /// The verdict's numbers from those of the rows, and the rows of attacks and fine-tunings from their own files.
  private func recompute(_ results: Results, _ audit: AuditSummary, _ outcome: inout Outcome) {
    let again = AuditRules().summary(
      AuditMeasurements(results), concept: audit.subject["concept"] ?? "")
    if again.sentence != audit.sentence {
      outcome.faults.append("the rules give another verdict: \(again.sentence)")
    }
    for (a, b) in zip(again.tiles, audit.tiles) where a != b {
      outcome.faults.append("'\(b.name)' is \(b.word) there, and \(a.word) by the rules")
    }
    for (place, isOwn) in [
      ("attack", { (row: ResultRow) in row.axes.attack != nil }),
      ("relearn", { row in row.metric == "success" }),
    ] {
      let written = results.rows.filter(isOwn)
      guard !written.isEmpty else { continue }
      let known = (try? RunFolder(folder.own(place)).results().rows) ?? []
      if let stray = written.first(where: { !known.contains($0) }) {
        outcome.faults.append(
          "'\(stray.metric)' of \(place) is \(stray.measured.plain()), which \(place)/results.json does not say"
        )
      }
    }
  }

  // MARK: - Pictures

  private func draw(
    again results: Results, _ audit: AuditSummary, _ suite: PromptSuite, _ outcome: inout Outcome,
    _ run: Run, on device: Device
  ) throws {
    let source = audit.subject["eraser"] ?? ""
    let model = audit.subject["model"] ?? ""
    let concepts =
      (try? JSONDecoder().decode(
        [String].self, from: Data((audit.subject["concepts"] ?? "").utf8))) ?? []
    let additions =
      try audit.subject["additions"].map {
        try JSONText.value(Data($0.utf8)).decoded(as: ModelAdditions.self)
      } ?? ModelAdditions()
    let isElsewhere = ModelFolder(source).isModel
    let subject = try AuditSubject(
      isElsewhere ? source : model, additions, with: isElsewhere ? nil : source,
      original: isElsewhere ? model : nil,
      concepts: concepts, kind: nil, on: device)
    let base = try ModelFolder(model, additions).model(on: device)
    if audit.hashes["base"] != base.hash() {
      outcome.faults.append("the original model is another one than the audit's")
      return
    }
    if try audit.hashes["eraser"] != subject.eraser.hash() {
      outcome.faults.append("the eraser is another one than the audit's")
      return
    }
    let count = suite.samples.count
    let picked = max(1, Int((share * Double(count)).rounded(.up)))
    let picks = Tensor.permutation(count, Generator(seed: seed)).prefix(picked)
      .map { suite.samples[$0] }
    for (place, model) in [("original", base), ("erased", try base.applying([subject.eraser]))] {
      for (i, sample) in picks.enumerated() {
        try Interrupt.check()
        var options = results.sampling
        options.guidance = sample.guidance ?? options.guidance
        options.width = sample.width ?? options.width
        options.height = sample.height ?? options.height
        let again = try model.images([sample.prompt], seeds: [sample.seed], options)
        let file = try folder.own("\(place)/\(sample.file)", named: "prompts.json")
        outcome.drawn += 1
        run.progress(place, i + 1, picks.count)
        guard let new = again.first, let old = try? PNG.read(file),
          old.width == new.width, old.height == new.height
        else {
          outcome.faults.append("the picture \(place)/\(sample.file) cannot be compared")
          continue
        }
        let total = zip(old.pixels, new.pixels).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
        let difference = Double(total) / Double(max(1, old.pixels.count))
        if total == 0 {
          outcome.equal += 1
        } else if difference <= Self.tolerance {
          outcome.near += 1
        } else {
          outcome.faults.append(
            "the picture \(place)/\(sample.file) is another one when it is drawn again, by "
              + "\((difference * 10).rounded() / 10) of 255 on average")
        }
      }
    }
  }
}
