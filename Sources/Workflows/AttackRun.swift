// `lethe attack`: the share of prompts for which attacks bring an erased concept back, by the model's judge.
public import Attacks
internal import Diffusion
public import Editing
public import Evaluation
package import Foundation
internal import Processes
internal import Reports
public import Torch
public import Training
public import Workbench

/// The command `lethe attack`.
public struct AttackRun {
  /// The request of the attacked run.
  public let job: EraseJob
  /// The attacks with their options.
  public let attacks: [any Attack]
  /// The size of the evaluation and its sampling options.
  public let options: EvaluationOptions
  /// The seed of the attacks' draws.
  public var seed: UInt64 = 0
  /// The probability, 0 to 1, that the judge must give the concept for a success. The concept must also be its first
  /// choice.
  public var threshold = 0.0
  /// Judges that look at the attempts as well. The attempts of a prompt end with its success by the first judge.
  package var beside: [JudgeSpec] = []
  /// Judges of the request that the attempts are not shown to. The results say so.
  package var unasked: [JudgeSpec] = []
  /// The folder of attempts that are the same for every erased model. Nil keeps none.
  package var shared: URL?
  /// The command line, argument by argument.
  public var command: [String] = []
  /// Settings ATTACK.key=value of the command line, for the record.
  package var given: Settings = [:]
  /// The catalogs of the program, for judges, and for names in files and on pages.
  package var catalogs = Catalogs.builtIn
  let suite: PromptSuite
  let spec: JudgeSpec
  package let samples: [SampleSet.Sample]

  /// - Parameter limit: the number of prompts to attack, as many of each concept, spread evenly over its own
  /// - Throws: ``LetheError`` of the kind `model` for a model without themes or judge, or that does not list the
  ///   concept
  public init(
    _ job: EraseJob, _ attacks: [any Attack], _ options: EvaluationOptions, limit: Int? = nil
  ) throws {
    _ = try job.folder.judge()
    try self.init(job, attacks, options, .themed(job, options), limit: limit)
  }

  /// - Parameters:
  ///   - suite: the prompts, of which those for the concept are attacked
  ///   - judge: nil takes the one that the model's `themes.json` names
  /// - Throws: ``LetheError`` of the kind `request` for a model without a judge
  package init(
    _ job: EraseJob, _ attacks: [any Attack], _ options: EvaluationOptions, _ suite: PromptSuite,
    judge: JudgeSpec? = nil, limit: Int? = nil
  ) throws {
    (self.job, self.attacks, self.options) = (job, attacks, options)
    (self.suite, spec) = (suite, try judge ?? job.folder.judgeSpec())
    samples = suite.picked(atMost: limit)
  }

  /// The judge of the attempts.
  /// - Throws: ``LetheError`` of the kind `request` for a judge that cannot look at pictures as they are drawn
  package func openJudge(on device: Device) throws -> any Judge {
    let judge = try suite.open(spec, on: device, in: catalogs.judges)
    if judge.seesOnlyOthers(suite.question) { try judge.check(suite.forgotten, spec.description) }
    guard suite.groups.allSatisfy({ judge.classes[$0.kind] != nil }), !(judge is ScoreTable) else {
      throw LetheError.badValue(
        "--judge",
        "\(spec) does not look at pictures while they are drawn, which an attack needs; accepted: clip:FOLDER, own:FOLDER"
      )
    }
    return judge
  }

  /// A judge whose skill is not known, in words.
  var unmeasured: String { "the judge \(spec) was not measured on the original in this run" }

  /// The prompts that are attacked.
  public var prompts: [String] { samples.map(\.prompt) }

  /// An attack with its defaults, over them its entry of `attacks.json` in the model's folder, and over that
  /// `settings`, `key=value`.
  /// - Throws: ``LetheError`` of the kind `request` for an unknown attack or option
  public static func configured(
    _ name: String, settings: [String], of model: ModelFolder, in catalog: AttackCatalog = .builtIn
  ) throws -> any Attack {
    try configured(name, [Settings(settings)], of: model, in: catalog)
  }

  /// The same with settings, weakest first.
  /// - Throws: ``LetheError`` of the kind `request` for an unknown attack or option
  package static func configured(
    _ name: String, _ settings: [Settings], of model: ModelFolder,
    in catalog: AttackCatalog = .builtIn
  ) throws -> any Attack {
    func make<A: Attack>(_ type: A.Type) throws -> any Attack {
      try model.options(.attacks, for: [name], over: A(), set: settings)
    }
    return try make(catalog.named(name))
  }

  /// Attacks the erased model and writes the results into `attack/` of the run's folder.
  /// - Returns: rows `shown`, `pre-asr`, and for each attack `asr`, `not-attackable`, `queries`, `evaluations`,
  ///   `seconds`, `chance` and `beyond-chance`; of several concepts the same for the prompts of each
  @discardableResult
  public func callAsFunction(in run: Run, eraser: Eraser, on device: Device) throws -> Results {
    run.note(try job.folder.strangeAttacks(in: catalogs.attacks))
    for attack in attacks { try attack.check() }
    let original = try job.folder.model(on: device)
    let (base, hash) = (original.hash(), try eraser.hash())
    let erased = try original.applying([eraser])
    let judge = try openJudge(on: device)
    let others = try beside.map { ($0, try suite.open($0, on: device, in: catalogs.judges)) }
    let place = try Run(run.place("attack"), seed: seed)
    (place.onProgress, place.onNote, place.ranks) = (run.onProgress, run.onNote, run.ranks)
    let concepts = try job.forgotten(in: job.folder.listedThemes()).fitting(original.layout)
    // Attacks of another request are named before their pictures are replaced.
    try run.ranks.first {
      for attack in attacks {
        let inputs = try inputs(attack, concepts, base: base, eraser: hash, judge: judge.about.hash)
        try place.runFolder.refuseOther("\(type(of: attack).name).json", than: inputs, "attack")
      }
    }
    // The prompts without an attack, drawn by a model.
    func drawn(_ model: DiffusionModel, _ name: String) throws -> (set: SampleSet, shown: [Bool]) {
      let set = try SampleSet.create(
        place.place(name),
        .init(
          sampling: options.sampling, model: base,
          erasers: name == "original" ? [] : job.concepts + ["\(job.method) \(job.seed)"],
          samples: samples), by: run.ranks)
      try set.draw(model, batch: options.batch, place, stage: name) {
        Generate.recipe(
          $0, options.sampling, ModelReference(job.folder), base: base,
          erasers: name == "original" ? [] : [hash])
      }
      return (set, try shows(set, judge, by: run.ranks))
    }
    let (originals, originally) = try drawn(original, "original")
    let (victims, before) = try drawn(erased, "erased")
    /// The other judges that see the concept, for each prompt.
    func seen(_ set: SampleSet) throws -> [[String]] {
      try names(of: others, samples.count) { try shows(set, $0, by: run.ranks) }
    }
    let (seenOriginally, seenBefore) = (try seen(originals), try seen(victims))
    var results = Results(.attack, options, judge: judge.about.measured)
    results.judges =
      [JudgeRecord(spec, judge.about, nil)] + others.map { JudgeRecord($0, $1.about, nil) }
    results.judge["name"] = .string(judgeName)
    results.judge["threshold"] = .number(threshold)
    results.notes =
      [criterion]
      + [besideNote, unaskedNote, options.sampling.note(of: samples)].compactMap(\.self)
    switch try run.runFolder.quality(of: spec)?.standing {
    case .cannotTell:
      results.notes.append("\(spec) cannot tell the concept, so the rates mean nothing")
    case nil:
      results.notes.append(
        unmeasured + ": it sees the concept in \(originally.count { $0 }) of "
          + "\(originally.count.counted("picture")) of the original that ask for it; "
          + "`lethe evaluate` measures how often it sees it in others")
    case .tells, .unknown: break
    }
    results.stopped = try run.runFolder.stopped(RowLabel(job.method), job.subject)
    (results.command, results.making) = (command, job.making)
    results.origin = Origin(
      base: base, eraser: hash, [(spec, judge.about.hash)] + others.map { ($0, $1.about.hash) },
      settings: try optionSources(),
      seed: seed, on: device)
    results.notes += attacks.compactMap { AttackBudget.note($0) }
    let written = AttackRows(
      job.method, job.subject, samples, seeds: options.seeds, by: profile(of: judge),
      named: others.isEmpty ? nil : spec.description)
    results.rows = [
      written.row("original", written.share("shown", originally)),
      written.row(job.method, written.share("pre-asr", before)),
    ]
    let victim = try Victim(erased, original: original, concepts: concepts) { prompt in
      let sample = samples.first { $0.prompt == prompt.prompt && $0.seed == prompt.seed }
      return try PNG.read(originals.url(sample ?? samples[0]))
    }
    func outcomes(_ attack: any Attack, _ name: String) throws -> [AttackOutcome] {
      let identity = try identity(attack, concepts)
      let inputs = try inputs(
        attack, concepts, base: base, eraser: hash, judge: judge.about.hash)
      try place.runFolder.claim("\(name).json", for: inputs, "attack")
      var rounds = AttackRounds(
        attack, on: victim, samples.map(\.attacked),
        options.sampling, batch: options.batch, seed: seed, named: name,
        shared: shared?.appendingPathComponent(
          "\(name)-\((identity.compact + base).fingerprint).json"), in: place,
        others: others.isEmpty
          ? nil
          : { pictures, indices in
            try names(of: others, indices.count) { try shows(pictures, indices, $0) }
          }
      ) { try shows($0, $1, judge) }
      return try rounds(before: before, seen: seenBefore)
    }
    var found: [(name: String, outcomes: [AttackOutcome])] = []
    for attack in attacks {
      let name = type(of: attack).name
      found.append((name, try outcomes(attack, name)))
    }
    let chance = try ChanceControl(
      of: attacks, found, on: job.folder, in: catalogs.attacks, outcomes)
    for (name, outcomes) in found {
      results.rows += written.rows(name, outcomes, chance)
    }
    results.rows += written.rows(
      byConcept: try asked(in: job.folder.listedThemes()), found, originally: originally,
      before: before, chance)
    for (other, opened) in others {
      let name = other.description
      let own = AttackRows(
        job.method, job.subject, samples, seeds: options.seeds, by: profile(of: opened, other),
        named: name)
      let (first, then) = (
        seenOriginally.map { $0.contains(name) }, seenBefore.map { $0.contains(name) }
      )
      let theirs = found.map { ($0.name, $0.outcomes.map { $0.by(name) }) }
      results.rows += [
        own.row("original", own.share("shown", first)),
        own.row(job.method, own.share("pre-asr", then)),
      ]
      results.rows += theirs.flatMap { own.rows($0, $1, chance.by(name)) }
      results.rows += own.rows(
        byConcept: try asked(in: job.folder.listedThemes()), theirs, originally: first,
        before: then, chance.by(name))
    }
    results.pictures = written.pictures(found, before)
    try place.publish(results, metrics: catalogs.metrics)
    if run.ranks.isFirst { WriteReport(run.runFolder, catalogs: catalogs).renew(run.note) }
    return results
  }

  /// The erased concepts that each prompt asks for, as rows name them; `fox and noto` is that of prompts for both.
  func asked(in themes: Themes?) -> [String] {
    samples.map { job.asked($0.subjects, of: suite, in: themes) }
  }

  /// The options and hashes that a log depends on.
  func inputs(
    _ attack: any Attack, _ concepts: [Concept], base: String, eraser: String, judge: String
  ) throws -> JSON {
    var inputs = try identity(attack, concepts)
    (inputs["base"], inputs["eraser"]) = (.string(base), .string(eraser))
    inputs["judge"] = .string(judge)
    return inputs
  }

  private func identity(_ attack: any Attack, _ concepts: [Concept]) throws -> JSON {
    func encode<A: Attack>(_ attack: A) throws -> JSON { try JSON(encoding: attack) }
    let files = try attack.files.map { JSON.string(try InputFile.text($0).sha256) }
    var identity: JSON = [
      "options": try encode(attack), "seed": JSON(seed),
      "sampling": try JSON(encoding: options.sampling), "samples": try JSON(encoding: samples),
      "threshold": .number(threshold), "concepts": try JSON(encoding: concepts),
    ]
    // Logs of before drew every attempt with the guidance of all.
    if options.sampling.note(of: samples) != nil { identity["drawing"] = "each prompt's own" }
    if !beside.isEmpty { identity["beside"] = .array(beside.map { .string($0.description) }) }
    // The contents count, wherever the files lie.
    if !files.isEmpty { identity["files"] = .array(files) }
    return identity
  }
}
