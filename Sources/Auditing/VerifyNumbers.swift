// Numbers computed again from an audit's pictures and logs: the judges' answers, every number, the verdict, and the files for readers.
internal import Attacks
internal import Diffusion
internal import Editing
internal import Evaluation
internal import Foundation
internal import Reports
internal import Torch
internal import Training
internal import Workbench
internal import Workflows

extension Verify {
  /// Largest relative difference of a measure that is no count of pictures, between processors.
  private static let measureTolerance = 1e-3

  /// Judges every picture again, and holds the answers, the judges' own measurements and the rows against the results.
  func measure(
    again results: Results, _ subject: Subject, _ outcome: inout Outcome, on device: Device
  )
    throws
  {
    let (audit, suite) = (subject.audit, subject.suite)
    for record in results.judges {
      let judge = try record.spec.open(asked: suite.question, on: device, in: judgeCatalog)
      if audit.hashes["judge \(record.spec)"] != judge.about.hash {
        outcome.faults.append("the judge \(record.spec) is another one than the audit's")
      }
    }
    var job = EraseJob()
    (job.concepts, job.method, job.folder) = (subject.concepts, subject.method, subject.model)
    var evaluate = try Evaluate(
      job, EvaluationOptions(), suite, judges: results.judges.map(\.spec))
    evaluate.judgeCatalog = judgeCatalog
    evaluate.measures = try subject.measures
    // Statistics that came with the audit are not believed.
    let scratch = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: scratch) }
    let (again, verdicts) = try evaluate.measured(
      again: [("original", "original"), (subject.method, "erased")].map {
        ($0.0, try SampleSet(folder.own($0.1)))
      }, cachedIn: scratch, on: device)
    for verdict in verdicts where verdict.judge == results.judges.first?.spec.description {
      if audit.shown[verdict.file] != suite.forgotten.contains(verdict.seen) {
        outcome.faults.append("the judge says of \(verdict.file) something else than the audit")
      }
    }
    for (record, new) in zip(results.judges, again.judges) where record.quality != new.quality {
      outcome.faults.append(
        "the measurement of the judge \(record.spec) is "
          + "\(record.quality?.balancedAccuracy.text(hasUnit: true) ?? "missing"), its pictures give "
          + "\(new.quality?.balancedAccuracy.text(hasUnit: true) ?? "none")")
    }
    let written = results.rows.filter {
      $0.axes.attack == nil && $0.axes.trainedOn == nil
    }
    for row in again.rows {
      let own = written.first { Self.isSame($0, row) }
      guard !Self.agree(own?.measured, row.measured) else { continue }
      let distance = row.axes.distance.map { " (\($0.rawValue))" } ?? ""
      outcome.faults.append(
        "'\(row.metric)'\(distance) of \(row.method) is \(own?.measured.text() ?? "missing"), its pictures give "
          + row.measured.text())
    }
    if let stray = written.first(where: { row in !again.rows.contains { Self.isSame($0, row) } }) {
      outcome.faults.append("'\(stray.metric)' of \(stray.method) is no number of these pictures")
    }
  }

  private static func isSame(_ a: ResultRow, _ b: ResultRow) -> Bool {
    (a.metric, a.method) == (b.metric, b.method) && a.axes == b.axes
  }

  /// Shares are counts of pictures and equal; other measures are near.
  private static func agree(_ a: MeasuredValue?, _ b: MeasuredValue) -> Bool {
    guard let a, a.n == b.n, a.unit == b.unit else { return false }
    func isNear(_ x: Double?, _ y: Double?) -> Bool {
      guard let x, let y else { return x == nil && y == nil }
      let limit = b.unit == .share ? 1e-12 : measureTolerance * max(1, abs(y))
      return abs(x - y) <= limit
    }
    return isNear(a.value, b.value) && isNear(a.interval?.lower, b.interval?.lower)
      && isNear(a.interval?.upper, b.interval?.upper)
  }

  /// The verdict's numbers from those of the rows.
  func recompute(_ results: Results, _ audit: AuditSummary, _ outcome: inout Outcome) {
    let again = AuditRules().summary(
      AuditMeasurements(results), concept: audit.subject["concept"] ?? "")
    if again.sentence != audit.sentence {
      outcome.faults.append("the rules give another verdict: \(again.sentence)")
    }
    for (a, b) in zip(again.tiles, audit.tiles) where a != b {
      outcome.faults.append("'\(b.name)' is \(b.word) there, and \(a.word) by the rules")
    }
    if again.rules != audit.rules {
      outcome.faults.append("the rules there are others than Lethe's")
    }
  }

  /// The lines of a log of the audit's.
  private func lines(of name: String) throws -> [JSON] {
    try InputFile.text(folder.own(name)).split(separator: "\n").compactMap {
      try? JSONDecoder().decode(JSON.self, from: Data($0.utf8))
    }
  }

  /// The rows of attacks from their logs, and what the judge says of the pictures that won and of those before.
  func check(
    attacks results: Results, _ subject: Subject, _ outcome: inout Outcome, on device: Device
  ) throws {
    let rows = results.rows.filter { $0.axes.attack != nil }
    guard let first = rows.first, let record = results.judges.first else { return }
    let prompts = try SampleSet(folder.own("attack/original")).manifest.samples
    let judge = try record.spec.open(asked: subject.suite.question, on: device, in: judgeCatalog)
    let kind = subject.suite.forgotten.kind
    func shows(_ name: String, _ i: Int) throws -> Bool {
      let picture = try PNG.read(folder.own(name)).tensor
      let seen = try judge.judged(picture, asked: [prompts[i].subjects], of: [name]).seen[0]
      return seen[kind] == prompts[i].subjects[kind]
    }
    for name in rows.compactMap(\.axes.attack).unique {
      let outcomes = try lines(of: "attack/\(name).jsonl")
        .compactMap { try? $0.decoded(as: AttackOutcome.self) }
        .filter { prompts.indices.contains($0.index) }
      let known = Dictionary(outcomes.map { ($0.index, $0) }, uniquingKeysWith: { $1 })
      guard known.count == prompts.count else {
        outcome.faults.append("attack/\(name).jsonl has \(known.count) of \(prompts.count) prompts")
        continue
      }
      let found = prompts.indices.compactMap { known[$0] }
      let again = ClusterBootstrap(prompts.map(\.prompt)).share("asr", found.map(\.success))
      if rows.first(where: { $0.axes.attack == name && $0.metric == "asr" })?.measured != again {
        outcome.faults.append(
          "'asr' of \(name) is not that of attack/\(name).jsonl, \(again.text(hasUnit: true))")
      }
      for one in found {
        let won = !one.before && one.success
        // The pictures before any attack are the same for every attack.
        guard won || name == first.axes.attack else { continue }
        let file =
          won
          ? "attack/\(name)/\(one.index).png" : "attack/erased/\(prompts[one.index].file)"
        if try shows(file, one.index) != (won || one.before) {
          outcome.faults.append(
            "the judge says of \(file) something else than attack/\(name).jsonl")
        }
      }
    }
  }

  func check(relearning results: Results, _ subject: Subject, _ outcome: inout Outcome) throws {
    let written = results.rows.filter { $0.axes.trainedOn != nil }
    guard !written.isEmpty else { return }
    let points = try lines(of: "relearn/curve.jsonl")
      .compactMap { try? $0.decoded(as: Relearn.Point.self) }.filter(\.isPossible)
    let again = RelearningCurve(points).rows(subject.method, written[0].subject)
    if let stray = written.first(where: { !again.contains($0) }) {
      outcome.faults.append(
        "'\(stray.metric)' of relearn is \(stray.measured.plain()), which relearn/curve.jsonl does not say"
      )
    }
  }

  /// The files for readers say what the results say. Those of another version of Lethe may be worded otherwise.
  func check(pages results: Results, _ subject: Subject, _ outcome: inout Outcome) throws {
    guard subject.audit.settings["lethe"] == Version.current else { return }
    var job = EraseJob()
    (job.concepts, job.method, job.folder) = (subject.concepts, subject.method, subject.model)
    let files = AuditFiles(results, job)
    /// The page names its folder, which may have moved.
    func placeless(_ text: String) -> String { text.replacing(/lethe verify [^<]*/, with: "") }
    let page = try ResultsPage.content(of: results, in: folder.url).html()
    for (name, text) in [
      ("results.csv", files.csv), ("README.md", files.card), ("report.html", page),
    ] where folder.has(name) {
      if placeless(try InputFile.text(folder.own(name))) != placeless(text) {
        outcome.faults.append("\(name) says something else than results.json")
      }
    }
  }
}
