// Numbers computed again from an audit's pictures: the judges' answers, every number, the verdict, and the files for
// readers.
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
      let judge = try record.spec.open(asked: suite.question, on: device, in: catalogs.judges)
      if audit.hashes.judges["\(record.spec)"] != judge.about.hash {
        outcome.faults.append("the judge \(record.spec) is another one than the audit's")
      }
    }
    var options = EvaluationOptions()
    options.seeds = Audit.seeds
    var evaluate = try Evaluate(
      subject.job, options, catalogs: catalogs, suite, judges: results.judges.map(\.spec))
    evaluate.measures = try subject.measures
    // Statistics that came with the audit are not believed.
    let scratch = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: scratch) }
    let (again, verdicts) = try evaluate.measured(
      again: [("original", "original"), (subject.method, "erased")].map {
        ($0.0, try SampleSet(folder.own($0.1)))
      }, cachedIn: scratch, on: device)
    let leading = Self.leading(results, audit)?.spec.description
    for verdict in verdicts where verdict.judge == leading {
      if audit.shown[verdict.file] != suite.forgotten.contains(verdict.seen) {
        outcome.faults.append(
          "the judge \(verdict.judge) answers differently for \(verdict.file) than in the audit")
      }
    }
    try check(answers: verdicts, isOlder: !Self.countsUnrecognised(audit), &outcome)
    let size = try? audit.settings?.size.decoded(as: AuditSize.self)
    let notes =
      again.notes + [audit.otherErased(suite)].compactMap(\.self)
      + Audit.notes(
        on: suite, attacked: size?.attacked ?? 0, results.rows.compactMap(\.axes.attack).unique,
        in: catalogs.attacks)
    if results.notes != notes, Self.isOfThisVersion(audit), Self.isOfThisSchema(audit) {
      outcome.faults.append("the notes on judges and measures differ from Lethe's")
    }
    for (record, new) in zip(results.judges, again.judges) {
      var about = record.about
      // Older audits did not describe the preprocessing of every judge.
      if !Self.countsUnrecognised(audit) {
        about.preprocessing = about.preprocessing ?? new.about.preprocessing
      }
      guard about != new.about else { continue }
      outcome.faults.append(
        "the description of the judge \(record.spec) is another one than its own")
    }
    /// Older audits did not measure the bound that can be reached, nor judges of the other kind.
    func measurement(_ record: JudgeRecord) -> JudgeRecord {
      var record = record
      guard !Self.countsUnrecognised(audit) else { return record }
      record.quality?.reachable = nil
      record.otherKind = nil
      return record
    }
    for (said, found) in zip(results.judges, again.judges) {
      let (record, new) = (measurement(said), measurement(found))
      guard (record.quality, record.otherKind) != (new.quality, new.otherKind) else { continue }
      let (said, found) = Self.told(
        record.quality?.balancedAccuracy ?? record.otherKind?.right,
        new.quality?.balancedAccuracy ?? new.otherKind?.right)
      outcome.faults.append(
        "the measurement of the judge \(record.spec) is "
          + (said == found
            ? "another one than that of its pictures" : "\(said), its pictures give \(found)"))
    }
    // Older audits have the cra of a judge of the other kind that cannot tell.
    let silent = again.judges.filter {
      $0.otherKind?.standing == .cannotTell && !Self.countsUnrecognised(audit)
    }.map(\.spec.description)
    let written = results.rows.filter { row in
      row.axes.attack == nil && row.axes.trainedOn == nil
        && (Self.countsUnrecognised(audit) || row.metric != "unrecognised")
        && !(row.metric == "cra" && row.axes.judge.map(silent.contains) ?? !silent.isEmpty)
    }
    let due = Self.due(again.rows, in: audit)
    let profiles = Self.profiles(written, due)
    for row in due {
      let own = written.first { Self.isSame($0, row) }
      if let other = profiles[row] {
        outcome.faults.append(Self.difference(of: other, row, by: "its pictures"))
        continue
      }
      var again = row.measured
      // Older audits have intervals over pictures for the means of the judge's confidence.
      if let own, !Self.countsUnrecognised(audit), JudgeConfidence.names.contains(row.metric) {
        (again.interval, again.prompts) = (own.measured.interval, own.measured.prompts)
      }
      guard !Self.agree(own?.measured, again, isOlder: !Self.countsPrompts(audit)) else {
        continue
      }
      let (said, found) = Self.told(own?.measured, again)
      outcome.faults.append("\(Self.name(row)) is \(said), its pictures give \(found)")
    }
    let told = Set(profiles.values)
    if let stray = written.first(where: { row in
      !told.contains(row) && !due.contains { Self.isSame($0, row) }
    }) {
      outcome.faults.append("'\(stray.metric)' of \(stray.method) is no number of these pictures")
    }
    check(labels: written, of: due, isOlder: !Self.countsPrompts(audit), &outcome)
  }

  /// The rows that an audit of its form has.
  static func due(_ rows: [ResultRow], in audit: AuditSummary) -> [ResultRow] {
    (tellsConcepts(audit) ? rows : rows.pooled).filter {
      countsUnrecognised(audit) || $0.metric != "unrecognised"
    }.map { row in namesProfiles(audit) ? row : row.with { $0.profile = nil } }
  }

  /// The rows' subjects and seeds, and rows that stand more often than they are measured.
  /// - Parameter isOlder: whether rows may have the seeds that were asked for, in the place of those that were drawn
  func check(
    labels written: [ResultRow], of again: [ResultRow], isOlder: Bool, _ outcome: inout Outcome
  ) {
    for row in written {
      guard let own = again.first(where: { Self.isSame($0, row) }) else { continue }
      let isCounted = row.seeds == own.seeds || isOlder && row.seeds == Audit.seeds
      if row.subject != own.subject || !isCounted {
        outcome.faults.append(
          "\(Self.name(row)) is on '\(row.subject)' with \(row.seeds) seeds in results.json, and on "
            + "'\(own.subject)' with \(own.seeds) by the other files")
      }
    }
    for row in again {
      let (found, due) = (
        written.filter { Self.isSame($0, row) }.count, again.filter { Self.isSame($0, row) }.count
      )
      if found > due {
        outcome.faults.append("\(Self.name(row)) stands \(found) times, and is measured \(due)")
      }
    }
  }

  /// The lines of `samples.jsonl`, each with a judge's answer for a picture.
  /// - Parameter isOlder: whether the lines may lack which pictures are unrecognised
  private func check(
    answers verdicts: [JudgedPicture], isOlder: Bool, _ outcome: inout Outcome
  ) throws {
    guard folder.has("samples.jsonl") else { return }
    /// Probabilities are near on another processor, and all else is equal.
    func words(_ one: JudgedPicture) -> JudgedPicture {
      var one = one
      (one.probability, one.askedProbability) = (nil, nil)
      if isOlder { one.isUnrecognised = nil }
      // Older audits have the erased model's words for the original's pictures.
      if one.model == JudgedPicture.original { one.outcome = one.outcome.ofOriginal }
      // They call a picture damaged, too, that was wrong before.
      if one.outcome == .missedBefore { one.outcome = .damaged }
      return one
    }
    let texts = try InputFile.text(folder.own("samples.jsonl")).split(separator: "\n")
    let written = texts.map { line in
      try? JSONText.value(Data(line.utf8)).decoded(as: JudgedPicture.self)
    }
    if let broken = written.firstIndex(where: { $0 == nil }) {
      outcome.faults.append(
        "samples.jsonl: line \(broken + 1) of \(written.count) is no judge's answer")
    }
    let said = written.compactMap { $0.map(words) }
    guard said.count == written.count, said != verdicts.map(words) else { return }
    let first = zip(said, verdicts).first { $0 != words($1) }?.1
    let place = first.map { ", first that of \($0.judge) for \($0.file)" } ?? ""
    outcome.faults.append("samples.jsonl has other answers than the judges give\(place)")
  }

  /// A row's name in a fault.
  static func name(_ row: ResultRow) -> String {
    let concept = row.axes.among == nil ? "" : " on \(row.subject)"
    guard row.axes.attack == nil, row.axes.trainedOn == nil else {
      let place = [row.axes.attack, row.axes.step.map { "relearn after \($0.counted("step"))" }]
      return "'\(row.metric)' of \(place.compactMap(\.self).joined(separator: ", "))\(concept)"
    }
    let distance = row.axes.distance.map { " (\($0.rawValue))" } ?? ""
    return "'\(row.metric)'\(distance) of \(row.method)\(concept)"
  }

  static func isSame(_ a: ResultRow, _ b: ResultRow) -> Bool {
    // Rows on one of several concepts are told apart by it.
    (a.metric, a.method) == (b.metric, b.method) && a.axes == b.axes
      && (a.axes.among == nil || a.subject == b.subject)
  }

  /// Shares are counts of pictures and equal; other measures are near.
  /// - Parameter isOlder: whether `a` may have no count of prompts
  static func agree(_ a: MeasuredValue?, _ b: MeasuredValue, isOlder: Bool) -> Bool {
    guard let a, a.n == b.n, a.unit == b.unit,
      a.prompts == b.prompts || isOlder && a.prompts == nil
    else { return false }
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
    var rules = AuditRules()
    // Older audits said that a concept came back which the judge sees in none of the original's pictures.
    rules.returnsUnseen =
      !Self.isOfThisSchema(audit)
      && audit.tiles.contains { $0.name == "relearning" && $0.answer == .bad }
    let again = rules.summary(
      AuditMeasurements(results, isByFirst: !Self.namesProfiles(audit)),
      concept: audit.subject.concept)
    if again.sentence != audit.sentence, Self.isOfThisSchema(audit) {
      outcome.faults.append("the rules give another verdict: \(again.sentence)")
    }
    /// Limits in words, and the concepts beside the worst one, are those of the Lethe that wrote them.
    func numbers(_ tile: AuditSummary.Tile) -> AuditSummary.Tile {
      guard !Self.isOfThisSchema(audit) else { return tile }
      var tile = tile
      (tile.limit, tile.word, tile.beside, tile.concepts) = ("", "", nil, nil)
      tile.judges = nil
      tile.measured?.prompts = nil
      return tile
    }
    for (a, b) in zip(again.tiles, audit.tiles) where numbers(a) != numbers(b) {
      outcome.faults.append("'\(b.name)': \(Self.difference(numbers(b), numbers(a)))")
    }
    if again.tiles.count != audit.tiles.count {
      outcome.faults.append(
        "the audit answers \(audit.tiles.count.counted("question")), the rules \(again.tiles.count)"
      )
    }
    if again.rules != audit.rules, Self.isOfThisSchema(audit) {
      outcome.faults.append("the audit's rules differ from Lethe's")
    }
  }

  /// The first part in which two tiles of a question differ, in words that differ too.
  static func difference(_ said: AuditSummary.Tile, _ found: AuditSummary.Tile) -> String {
    let numbers = told(said.measured, found.measured)
    let parts: [(what: String, said: String, found: String)] = [
      ("name ", said.name, found.name), ("", said.word, found.word),
      ("answer ", said.answer.rawValue, found.answer.rawValue),
      ("number ", numbers.said, numbers.found), ("limit ", said.limit, found.limit),
      (
        "judges ", (said.judges ?? []).map(\.text).joined(separator: "; "),
        (found.judges ?? []).map(\.text).joined(separator: "; ")
      ),
      (
        "numbers beside ", (said.beside ?? ["none"]).joined(separator: ", "),
        (found.beside ?? ["none"]).joined(separator: ", ")
      ),
    ]
    let part = parts.first { $0.said != $0.found }
    return part.map { "the audit says \($0.what)\($0.said), the rules give \($0.found)" }
      ?? "the audit says something else than the rules"
  }

  /// Two numbers in words that differ where the numbers do: the value, or everything with it.
  static func told(
    _ said: MeasuredValue?, _ found: MeasuredValue?
  ) -> (said: String, found: String) {
    func text(_ value: MeasuredValue?, _ words: (MeasuredValue) -> String) -> String {
      value.map(words) ?? "missing"
    }
    let usual = [said, found].map { text($0) { $0.text(hasUnit: true) } }
    guard usual[0] == usual[1], said != found else { return (usual[0], usual[1]) }
    let sized = [said, found].map { text($0) { "\($0.text(hasUnit: true)), n \($0.size)" } }
    guard sized[0] == sized[1] else { return (sized[0], sized[1]) }
    let whole = [said, found].map { text($0) { (try? JSON(encoding: $0).compact) ?? "" } }
    return (whole[0], whole[1])
  }
}
