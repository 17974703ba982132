// Rows computed again from an audit's logs of attacks and fine-tunings. Every row of the logs must stand in the
// results, and no other.
internal import Attacks
internal import Diffusion
internal import Evaluation
internal import Foundation
internal import Torch
internal import Training
internal import Workbench
internal import Workflows

extension Verify {
  /// The lines of a log of the audit's.
  func lines(of name: String) throws -> [JSON] {
    try InputFile.text(folder.own(name)).split(separator: "\n").compactMap {
      try? JSONText.value(Data($0.utf8))
    }
  }

  /// The outcomes of a log, one of each prompt.
  private func outcomes(
    _ name: String, of count: Int, _ outcome: inout Outcome
  ) throws -> [AttackOutcome]? {
    let found = try lines(of: "attack/\(name).jsonl")
      .compactMap { try? $0.decoded(as: AttackOutcome.self) }
      .filter { (0..<count).contains($0.index) }
    let known = Dictionary(found.map { ($0.index, $0) }, uniquingKeysWith: { $1 })
    guard known.count == count else {
      outcome.faults.append("attack/\(name).jsonl has \(known.count) of \(count.counted("prompt"))")
      return nil
    }
    return (0..<count).compactMap { known[$0] }
  }

  /// Names rows that a log gives otherwise, and rows that it does not give.
  private func compare(
    _ written: [ResultRow], with again: [ResultRow], of log: String, _ outcome: inout Outcome
  ) {
    let profiles = Self.profiles(written, again)
    for row in again
    where !written.contains(where: { Self.isSame($0, row) && $0.measured == row.measured }) {
      if let other = profiles[row] {
        outcome.faults.append(Self.difference(of: other, row, by: log))
        continue
      }
      let (said, found) = Self.told(
        written.first { Self.isSame($0, row) }?.measured, row.measured)
      outcome.differs(Self.name(row), said, found, by: log)
    }
    let told = Set(profiles.values)
    for row in written
    where !told.contains(row) && !again.contains(where: { Self.isSame($0, row) }) {
      outcome.faults.append("\(Self.name(row)) is no number of \(log)")
    }
  }

  /// The attacks that the audit's size asks for, and whether it asks for fine-tunings; none where no judge could tell.
  private func asked(_ results: Results, _ audit: AuditSummary) -> (attacks: [String], tunes: Bool)
  {
    let size = try? audit.settings?.size.decoded(as: AuditSize.self)
    let judges = Self.namesProfiles(audit) ? results.judges : Array(results.judges.prefix(1))
    guard let size, Audit.attackJudge(judges) != nil else { return ([], false) }
    return (size.attacked > 0 ? size.attacks : [], size.relearning > 0 && size.repetitions > 0)
  }

  /// The rows of attacks from their logs, and what the judge says of the pictures that won and of those before.
  func check(
    attacks results: Results, _ subject: Subject, _ outcome: inout Outcome, on device: Device
  ) throws {
    let rows = results.rows.filter { $0.axes.attack != nil }
    let names = rows.compactMap(\.axes.attack).unique
    for missing in asked(results, subject.audit).attacks where !names.contains(missing) {
      outcome.faults.append(
        "the attack \(missing) was asked for, and results.json has no row of it")
    }
    var transcript: [ResultPicture] = []
    if let first = names.first, let record = Self.leading(results, subject.audit) {
      let samples = try SampleSet(folder.own("attack/original")).manifest.samples
      var logs: [(name: String, outcomes: [AttackOutcome])] = []
      for name in names {
        try outcomes(name, of: samples.count, &outcome).map { logs.append((name, $0)) }
      }
      let beside = self.beside(record, results, subject.audit)
      let made = AttackRows(
        subject.method, subject.job.subject, samples, seeds: Audit.seeds,
        by: MeasureProfile(judge: record.spec.description, version: record.about.hash),
        named: beside.isEmpty ? nil : record.spec.description)
      let control = try control(subject.audit, logs, of: samples.count, &outcome)
      // The original's and the unattacked model's shares are no rows of an audit.
      let each = made.rows(
        byConcept: try asked(samples, subject), logs,
        originally: samples.map { _ in false }, before: samples.map { _ in false }, control)
      for (name, outcomes) in logs {
        var again = made.rows(name, outcomes, control) + each.filter { $0.axes.attack == name }
        for other in beside {
          again += try self.rows(
            of: other, name, logs, control, samples, subject)
        }
        compare(
          rows.filter { $0.axes.attack == name }, with: Self.due(again, in: subject.audit),
          of: "attack/\(name).jsonl", &outcome)
      }
      if logs.count == names.count, let before = logs.first?.outcomes.map(\.before) {
        transcript = AuditPictures.transcript(
          of: AuditMeasurements(results).strongest?.name, in: made.pictures(logs, before))
      }
      let judge = try record.spec.open(
        asked: subject.suite.question, on: device, in: catalogs.judges)
      try check(pictures: logs, first, samples, subject.suite.forgotten.kind, judge, &outcome)
    }
    let chosen = AuditPictures(subject.job, subject.suite, subject.audit).chosen
    if results.pictures != chosen + transcript {
      outcome.faults.append("the page shows other pictures than the audit chose")
    }
  }

  /// The judges that looked at attempts and fine-tunings beside the first one; none in audits of older forms.
  private func beside(
    _ leading: JudgeRecord, _ results: Results, _ audit: AuditSummary
  ) -> [JudgeRecord] {
    guard Self.namesProfiles(audit) else { return [] }
    let specs = Audit.beside(leading.spec, results.judges)
    return results.judges.filter { specs.contains($0.spec) }
  }

  /// The rows of an attack by a judge that looked at its attempts beside the first one.
  private func rows(
    of judge: JudgeRecord, _ attack: String,
    _ logs: [(name: String, outcomes: [AttackOutcome])], _ control: ChanceControl,
    _ samples: [SampleSet.Sample], _ subject: Subject
  ) throws -> [ResultRow] {
    let name = judge.spec.description
    let own = AttackRows(
      subject.method, subject.job.subject, samples, seeds: Audit.seeds,
      by: MeasureProfile(judge: name, version: judge.about.hash), named: name)
    let theirs = logs.map { ($0.name, $0.outcomes.map { $0.by(name) }) }
    let nothing = samples.map { _ in false }
    return theirs.filter { $0.0 == attack }.flatMap { own.rows($0, $1, control.by(name)) }
      + own.rows(
        byConcept: try asked(samples, subject), theirs, originally: nothing, before: nothing,
        control.by(name)
      ).filter { $0.axes.attack == attack }
  }

  /// The concepts that each prompt asks for, as rows name them.
  private func asked(_ samples: [SampleSet.Sample], _ subject: Subject) throws -> [String] {
    let themes = try subject.job.folder.listedThemes()
    return samples.map { subject.job.asked($0.subjects, of: subject.suite, in: themes) }
  }

  /// The random tokens that the attacks were held against.
  private func control(
    _ audit: AuditSummary, _ logs: [(name: String, outcomes: [AttackOutcome])], of count: Int,
    _ outcome: inout Outcome
  ) throws -> ChanceControl {
    let name = ChanceControl.log(ChanceControl.queries(of: logs))
    if audit.files?["attack/\(name).jsonl"] != nil {
      return ChanceControl(try outcomes(name, of: count, &outcome) ?? [])
    }
    return ChanceControl(
      (logs.first { $0.name == RandomTokens.name } ?? logs.first)?.outcomes ?? [])
  }

  /// The judge's answers on the pictures that won, and on those before any attack, which are the same for every attack.
  private func check(
    pictures logs: [(name: String, outcomes: [AttackOutcome])], _ first: String,
    _ samples: [SampleSet.Sample], _ kind: String, _ judge: any Judge, _ outcome: inout Outcome
  ) throws {
    for (name, outcomes) in logs {
      for one in outcomes {
        let won = !one.before && one.success
        guard won || name == first else { continue }
        let sample = samples[one.index]
        let file = won ? "attack/\(name)/\(one.index).png" : "attack/erased/\(sample.file)"
        let picture = try PNG.read(folder.own(file)).tensor
        let seen = try judge.judged(picture, asked: [sample.subjects], of: [file]).seen[0]
        if (seen[kind] == sample.subjects[kind]) != (won || one.before) {
          outcome.faults.append(
            "the judge answers differently for \(file) than attack/\(name).jsonl says")
        }
      }
    }
  }

  /// The rows of fine-tunings from their curve.
  func check(relearning results: Results, _ subject: Subject, _ outcome: inout Outcome) throws {
    let written = results.rows.filter { $0.axes.trainedOn != nil }
    guard !written.isEmpty else {
      if asked(results, subject.audit).tunes {
        outcome.faults.append("a fine-tuning was asked for, and results.json has no row of it")
      }
      return
    }
    let points = try lines(of: "relearn/curve.jsonl")
      .compactMap { try? $0.decoded(as: Relearn.Point.self) }.filter(\.isPossible)
    func profile(_ record: JudgeRecord) -> MeasureProfile {
      MeasureProfile(judge: record.spec.description, version: record.about.hash)
    }
    let leading = Self.leading(results, subject.audit)
    let beside = leading.map { self.beside($0, results, subject.audit) } ?? []
    let curve = RelearningCurve(
      points, by: leading.map(profile), named: beside.isEmpty ? nil : leading?.spec.description)
    let all =
      curve.rows(subject.method, subject.job.subject)
      + beside.flatMap {
        curve.rows(subject.method, subject.job.subject, beside: profile($0))
      }
    let again = all.filter {
      $0.axes.trainedOn == .concept && $0.metric == "success"
    }
    compare(
      written, with: Self.due(again, in: subject.audit), of: "relearn/curve.jsonl", &outcome)
  }
}
