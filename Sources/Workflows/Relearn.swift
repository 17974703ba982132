// `lethe relearn`: the erased model is fine-tuned on the concept, and on benign pictures as a control. The results are
// curves over the steps.
package import Attacks
internal import Diffusion
package import Editing
package import Evaluation
package import Foundation
internal import Processes
package import Torch
internal import TorchNN
package import Training
package import Workbench

/// The command `lethe relearn`.
package struct Relearn {
  package let job: EraseJob
  package var tuning: Relearning
  /// A folder of captioned pictures of the concept. Nil lets the original draw them.
  package var data: URL?
  /// Prompts that the original draws pictures of. Empty takes the concept's own.
  package var drawn: [String] = []
  /// The sets of pictures that are trained on.
  package var trained = TuningSet.allCases
  /// The number of fine-tunings on each set of pictures.
  package var seeds = 3
  /// The number of pictures that are judged, each of a prompt and a seed.
  package var prompts = 10
  /// The number of pictures behind each loss, none of which is trained on.
  package var unseen = Self.unseenPictures
  package static let unseenPictures = 16
  package var seed: UInt64 = 0
  package var options: EvaluationOptions
  /// Whether the curve's record has the number of pictures of a prompt.
  package var recordsSeeds = false
  package var command: [String] = []
  /// The settings of the command line, for the record.
  package var given: Settings = [:] {
    didSet { judged.given = given.named(Relearning.name) }
  }
  /// Judges that look at the pictures as well.
  package var beside: [JudgeSpec] {
    get { judged.beside }
    set { judged.beside = newValue }
  }
  /// Judges of the request that the pictures are not shown to. The results say so.
  package var unasked: [JudgeSpec] {
    get { judged.unasked }
    set { judged.unasked = newValue }
  }
  /// The catalogs of the program, for judges, and for names on pages.
  package var catalogs = Catalogs.builtIn { didSet { judged.catalogs = catalogs } }
  private var judged: AttackRun
  let suite: PromptSuite
  /// Nil for concepts in words of the user's own.
  let themes: Themes?
  let concepts: [Concept]

  /// - Throws: ``LetheError`` of the kind `model` for a model without themes or judge, or that does not list the
  ///   concept
  package init(
    _ job: EraseJob, _ tuning: Relearning, _ options: EvaluationOptions, prompts: Int
  ) throws {
    try self.init(job, tuning, options, .themed(job, options), prompts: prompts)
  }

  /// - Parameters:
  ///   - suite: the prompts; those for the concept are judged
  ///   - judge: nil takes the one that the model's `themes.json` names
  /// - Throws: ``LetheError`` of the kind `request` for a model without a judge
  package init(
    _ job: EraseJob, _ tuning: Relearning, _ options: EvaluationOptions, _ suite: PromptSuite,
    judge: JudgeSpec? = nil, prompts: Int
  ) throws {
    (self.job, self.tuning, self.options, self.prompts) = (job, tuning, options, prompts)
    judged = try AttackRun(job, [], options, suite, judge: judge, limit: prompts)
    self.suite = suite
    let listed = try job.folder.listedThemes()
    themes = job.concepts.allSatisfy { listed?.find($0) != nil } ? listed : nil
    concepts = try job.forgotten(in: themes)
  }

  /// The fine-tuning with its defaults, over them its entry of `attacks.json`, and over that `settings`.
  /// - Throws: ``LetheError`` of the kind `request` for an unknown option, and for a catalog with another attack of its
  ///   name
  package static func tuning(
    _ settings: [Settings], of model: ModelFolder, in catalog: AttackCatalog = .builtIn
  ) throws -> Relearning {
    let attack = try AttackRun.configured(Relearning.name, settings, of: model, in: catalog)
    guard let tuning = attack as? Relearning else {
      throw LetheError.request(
        "the attack '\(Relearning.name)' of this program is no fine-tuning; accepted: Lethe's own")
    }
    return tuning
  }

  /// Fine-tunes, measures and writes the results into `relearn/` of the run's folder. Finished points are kept.
  /// - Returns: `success` and losses after each number of steps, and the `area` under the curve of successes
  @discardableResult
  package func callAsFunction(in run: Run, eraser: Eraser, on device: Device) throws
    -> Results
  {
    run.note(try job.folder.strangeAttacks(in: catalogs.attacks))
    let place = try Run(run.place("relearn"), seed: seed)
    (place.onProgress, place.onNote, place.ranks) = (run.onProgress, run.onNote, run.ranks)
    let (base, hash) = (eraser.card.base, try eraser.hash())
    let judge = try judged.openJudge(on: device)
    let others = try beside.map { ($0, try suite.open($0, on: device, in: catalogs.judges)) }
    try place.runFolder.claim("options.json", for: inputs(base: base, eraser: hash), "relearn")
    let steps = [0] + tuning.reached.filter { $0 > 0 }
    var points = try run.ranks.agree {
      place.events("curve.jsonl").compactMap { try? $0.decoded(as: Point.self) }
        .filter { $0.isPossible }
    }
    let missing = (0..<seeds).flatMap { k in
      trained.map { set -> (set: TuningSet, seed: Int, steps: [Int]) in
        let done = points.filter { $0.set == set && $0.seed == k }.map(\.step)
        return (set, k, steps.filter { !done.contains($0) })
      }
    }.filter { !$0.steps.isEmpty }
    // A complete curve needs no model, and no pictures.
    let written = points
    if !missing.isEmpty {
      points += try measure(missing, steps, eraser, by: judge, others, in: place, on: device)
    }
    // The order is the same for every process that measured and every order of measuring, also where an earlier run
    // could not write it.
    points.sort { ($0.seed, $0.set.rawValue, $0.step) < ($1.seed, $1.set.rawValue, $1.step) }
    if points != written {
      try place.runFolder.write(
        text: points.map { try JSON(encoding: $0).compact + "\n" }.joined(), to: "curve.jsonl")
    }
    var results = Results(.relearning, options)
    let curve = RelearningCurve(
      points, by: judged.profile(of: judge),
      named: others.isEmpty ? nil : judged.spec.description)
    results.rows =
      curve.rows(job.method, job.subject)
      + others.flatMap { spec, other in
        curve.rows(job.method, job.subject, beside: judged.profile(of: other, spec))
      }
    (results.command, results.making) = (command, job.making)
    results.judges =
      [JudgeRecord(judged.spec, judge.about, nil)]
      + others.map { JudgeRecord($0, $1.about, nil) }
    results.origin = Origin(
      base: base, eraser: hash,
      [(judged.spec, judge.about.hash)] + others.map { ($0, $1.about.hash) },
      settings: try judged.optionSources(of: tuning), seed: seed, on: device)
    results.stopped = try run.runFolder.stopped(RowLabel(job.method), job.subject)
    results.notes = [
      "Fine-tuning (mode \(tuning.mode.rawValue)) on pictures of \(subjects)"
        + (trained.contains(.benign) ? ", and on as many benign pictures as a control." : "."),
      "Judged: \(sample): \(AttackRun.list(judged.prompts)).",
    ]
    results.notes += [AttackBudget.note(tuning)].compactMap { $0.map { $0 + "." } }
    results.notes += [judged.unaskedNote.map { "\($0)." }].compactMap(\.self)
    results.notes += [options.sampling.note(of: judged.samples)].compactMap(\.self)
    if try run.runFolder.quality(of: judged.spec) == nil {
      results.notes.append("\(judged.unmeasured); `lethe evaluate` measures it")
    }
    try place.publish(results, metrics: catalogs.metrics)
    if run.ranks.isFirst { WriteReport(run.runFolder, catalogs: catalogs).renew(run.note) }
    return results
  }

  /// Runs the fine-tunings with missing points, and records each point.
  private func measure(
    _ missing: [(set: TuningSet, seed: Int, steps: [Int])], _ steps: [Int], _ eraser: Eraser,
    by judge: any Judge, _ others: [(JudgeSpec, any Judge)], in place: Run, on device: Device
  ) throws -> [Point] {
    let original = try job.folder.model(on: device)
    let victim = try original.applying([eraser])
    let sets = try sets(original, place)
    let probes = try probes(original, place)
    let asked = try judged.asked(in: job.folder.listedThemes())
    // A rank does a fine-tuning from its beginning to its end.
    let found = try place.ranks.map(missing.count) { number -> [Point] in
      let (name, k, wanted) = missing[number]
      guard let set = sets[name] else { return [] }
      var points: [Point] = []
      var model = try FineTuning(victim, on: set, tuning, seed: seed &+ UInt64(k))
      for step in steps {
        let stage = "\(name.rawValue), seed \(k + 1) of \(seeds)"
        try model.advance(to: step) { done, _ in
          place.progress(stage, done, steps.last ?? step)
        }
        guard wanted.contains(step) else { continue }
        let answers = try judged.shown(model.model, [judge] + others.map(\.1))
        let shown = answers[0]
        let losses = probes.map { loss(model.model, $0, seed: k) }
        var point = Point(
          set: name, seed: k, step: step,
          success: Double(shown.filter { $0 }.count) / Double(max(1, shown.count)),
          n: shown.count, concept: losses[0], related: losses[1], unrelated: losses[2])
        if asked.unique.count > 1 {
          point.concepts = asked.unique.map { name in
            let own = shown.indices.filter { asked[$0] == name }
            return Point.Concept(name: name, hits: own.count { shown[$0] }, n: own.count)
          }
        }
        point.texts = texts(shown, asked)
        if !others.isEmpty {
          point.beside = zip(others, answers.dropFirst()).map { other, shown in
            Point.Beside(judge: other.0.description, texts: texts(shown, asked))
          }
        }
        points.append(point)
        guard case .object(let line) = try JSON(encoding: point) else { continue }
        try place.record(line, to: "curve.jsonl")
      }
      return points
    }
    return found.flatMap(\.self)
  }

  /// The hits of each text.
  private func texts(_ shown: [Bool], _ asked: [String]) -> [Point.Text] {
    let prompts = judged.prompts
    return prompts.unique.map { text in
      let own = shown.indices.filter { prompts[$0] == text }
      return Point.Text(
        text: text, concept: own.first.map { asked[$0] } ?? "", hits: own.count { shown[$0] },
        n: own.count)
    }
  }

  private func loss(_ model: DiffusionModel, _ set: LatentSet, seed: Int) -> Double {
    var measure = MembershipInference()
    (measure.seed, measure.batch) = (UInt64(seed), 16)
    let scores = measure.scores(model, set)
    return -scores.reduce(0, +) / Double(max(1, scores.count))
  }

  /// The options and hashes that a curve depends on.
  func inputs(base: String, eraser: String) throws -> JSON {
    var inputs = try identity()
    (inputs["base"], inputs["eraser"]) = (.string(base), .string(eraser))
    if themes == nil { inputs["suite"] = .string(try JSON(encoding: suite).compact.sha256) }
    return inputs
  }

  /// Opens the judge, which fails for one that would be refused.
  func openJudge(on device: Device) throws { _ = try judged.openJudge(on: device) }

  /// The judge with its criterion, in words.
  var criterion: String { "\(judged.spec); \(judged.criterion)" }

  /// The texts of the pictures that are judged, one for each picture.
  package var judgedPrompts: [String] { judged.prompts }

  /// The pictures that are judged.
  var judgedSamples: [SampleSet.Sample] { judged.samples }

  /// The pictures that are judged, in words: `10 pictures of 5 prompts`.
  var sample: String { AttackRun.words(judged.prompts) }

  /// The concepts in words of a sentence.
  var subjects: String { job.concepts.count > 1 ? "the concepts" : "the concept" }

  /// The options that a curve depends on.
  private func identity() throws -> JSON {
    var identity: JSON = [
      "tuning": try JSON(encoding: tuning),
      "data": .string(data.map { FolderListing($0).hash } ?? ""),
      "drawn": .array(drawn.map(JSON.string)), "seed": JSON(seed),
      "sampling": try JSON(encoding: options.sampling), "prompts": .int(prompts),
    ]
    // Curves that were drawn when the number was fixed have no such key.
    if unseen != Self.unseenPictures { identity["unseen"] = .int(unseen) }
    // Curves of before drew every picture with the guidance of all.
    if options.sampling.note(of: judged.samples) != nil {
      identity["drawing"] = "each prompt's own"
    }
    if !beside.isEmpty { identity["beside"] = .array(beside.map { .string($0.description) }) }
    // Nor have those of before, whose prompts all had the usual number of pictures here.
    if recordsSeeds { identity["pictures"] = .int(options.seeds) }
    return identity
  }
}
