// `lethe evaluate`: the erased and the original model draw the same prompts with the same seeds, and a judge measures both.
public import Diffusion
public import Editing
public import Evaluation
internal import Foundation
internal import Processes
public import Torch
public import Training

/// The size of an evaluation, and its sampling options.
public struct EvaluationOptions: Codable, Sendable, Hashable {
  public var sampling = SamplingOptions()
  /// Pictures of each prompt of the forgotten subjects.
  public var seeds = 4
  /// Pictures of each other prompt.
  public var retainSeeds = 1
  /// The number of other subjects of the same kind. 0 takes all.
  public var others = 0
  /// Pictures drawn at a time.
  public var batch = 20
  /// The seed of the first picture.
  public var firstSeed: UInt64 = 1000
  /// Whether the run is reduced. Its intervals are wide.
  public var quick = false

  public init() {}

  /// A reduced evaluation. It takes under a minute on two cores for a model of the embedded size.
  public static var quickly: EvaluationOptions {
    var options = EvaluationOptions()
    (options.seeds, options.others, options.quick) = (3, 10, true)
    return options
  }
}

extension Results {
  package init(_ kind: Kind, _ options: EvaluationOptions, judge: [String: JSON] = [:]) {
    self.init(kind)
    (quick, seeds, sampling, self.judge) = (options.quick, options.seeds, options.sampling, judge)
  }
}

/// The command `lethe evaluate` for a run.
public struct Evaluate {
  public let job: EraseJob
  public let options: EvaluationOptions
  package let suite: PromptSuite
  let judges: [JudgeSpec]
  private let metrics: MetricCatalog
  /// Whether results and pictures of another evaluation in the same folder go.
  public var overwrites = true
  /// The command line, argument by argument.
  public var command: [String] = []
  /// Networks for measures of the pictures of other subjects.
  package var measures: [MeasureSpec] = []
  /// The catalog in which judges are looked up.
  package var judgeCatalog = JudgeCatalog.builtIn

  /// - Parameter metrics: the metrics to measure
  /// - Throws: ``LetheError`` of the kind `model` for a model without themes or judge, or for concepts that it does not
  ///   list as one kind
  public init(
    _ job: EraseJob, _ options: EvaluationOptions, metrics: MetricCatalog = .builtIn
  ) throws {
    _ = try job.folder.judge()
    try self.init(job, options, metrics: metrics, .themed(job, options))
  }

  /// - Parameter judges: nil takes the one that the model's `themes.json` names
  /// - Throws: ``LetheError`` of the kind `request` for a model without a judge
  package init(
    _ job: EraseJob, _ options: EvaluationOptions, metrics: MetricCatalog = .builtIn,
    _ suite: PromptSuite, judges: [JudgeSpec] = []
  ) throws {
    self.judges = try judges.isEmpty ? [job.folder.judgeSpec()] : judges
    (self.job, self.options, self.suite, self.metrics) = (job, options, suite, metrics)
  }

  /// The samples that both models draw. Those of the forgotten subjects come first.
  package var samples: [SampleSet.Sample] { suite.samples }

  /// Draws, judges, measures and writes `results.json`. Finished pictures are kept.
  /// - Returns: rows of each judge for the original and for the erased model
  @discardableResult
  public func callAsFunction(in run: Run, eraser: Eraser, on device: Device) throws -> Results {
    if !overwrites { try refuseReplacing(in: run.runFolder) }
    let opened = try judges.map {
      ($0, try $0.open(asked: suite.question, on: device, in: judgeCatalog))
    }
    let original = try job.folder.model(on: device)
    let (base, hash) = (original.hash(), try eraser.hash())
    let sets = [
      (label: "original", folder: "original", model: original, erasers: []),
      (
        job.method, "erased", try original.applying([eraser]), job.pictured
      ),
    ]
    let drawn = try sets.map { label, folder, model, erasers -> (label: String, set: SampleSet) in
      let set = try SampleSet.create(
        run.place(folder),
        .init(
          sampling: options.sampling, model: base, erasers: erasers, samples: samples),
        overwrites: overwrites, by: run.ranks)
      let files = erasers.isEmpty ? [] : [run.runFolder.eraserFile.lastPathComponent]
      try set.draw(
        model, batch: options.batch, run, stage: folder, overwrites: overwrites, keepsBroken: true
      ) {
        Generate.recipe(
          $0, options.sampling, ModelReference(job.folder, erasers: files), base: base,
          erasers: erasers.isEmpty ? [] : [hash])
      }
      return (label, set)
    }
    var (results, verdicts) = try measured(drawn, by: opened, run.ranks)
    // One rank alone looks through the networks of these measures, and writes the results.
    if run.ranks.isFirst {
      try measurePictures(
        drawn, measures.networks(beside: opened, on: device), into: &results)
    }
    results.command = command
    results.origin = Origin(
      base: base, eraser: hash, opened.map { ($0.0, $0.1.about.hash) },
      settings: run.runFolder.provenance()?.settings ?? [])
    results.stopped = try run.runFolder.stopped(job.method, job.subject)
    try run.runFolder.write(
      text: verdicts.map { try JSON(encoding: $0).compact + "\n" }.joined(), to: "samples.jsonl")
    results = run.runFolder.dated(results)
    try run.runFolder.write(results, to: "results.json")
    return results
  }

  /// The rows of every judge on the original's pictures, which come first, and on the erased model's.
  private func measured(
    _ sets: [(label: String, set: SampleSet)], by judges: [(JudgeSpec, any Judge)], _ ranks: Ranks
  ) throws -> (Results, [JudgedPicture]) {
    var results = Results(.evaluation, options, judge: judges.first?.1.about.measured ?? [:])
    var verdicts: [JudgedPicture] = []
    func row(
      _ label: String, _ m: MeasuredValue, _ axes: (inout ResultRow.Axes) -> Void = { _ in }
    ) {
      results.rows.append(ResultRow(label, job.subject, m, seeds: options.seeds, axes))
    }
    for (label, set) in sets {
      let broken = try set.parted().broken.count
      if broken > 0 { row(label, .notFinite(broken, of: samples.count)) }
    }
    let asked = Set(samples.map(\.subjects))
    for (spec, judge) in judges {
      guard !judge.classes.isEmpty, let first = sets.first else {
        results.judges.append(JudgeRecord(spec, judge.about, nil))
        continue
      }
      let name = judges.count > 1 ? spec.description : nil
      let before = try judge.judged(first.set, by: ranks)
      let prompts = before.samples.map(\.prompt)
      let quality = JudgeQuality(before.seen, prompts: prompts, suite.forgotten)
      results.judges.append(JudgeRecord(spec, judge.about, quality))
      if let quality {
        results.notes.append(quality.sentence(spec.description))
        if quality.verdict == .cannotTell { continue }
      }
      // Real pictures of the subjects that are drawn.
      let all = try (judge as? JudgeNetwork)?.reference(in: URL(fileURLWithPath: spec.argument))
      let reference = all?.filter { asked.contains($0) }
      let recognition = all.flatMap { Recognition($0.features) }
      for (label, set) in sets {
        let judged = label == first.label ? before : try judge.judged(set, by: ranks)
        let strange = recognition?.unrecognised(judged.seen.features)
        verdicts += set.verdicts(
          label, judged, suite.forgotten, unrecognised: strange, judge: spec.description)
        if let strange, !strange.isEmpty {
          row(label, .share("unrecognised", strange.count { $0 }, of: strange.count)) {
            $0.judge = name
          }
        }
        for metric in metrics.all {
          if let m = metric.init().measure(
            judged.seen, forgotten: suite.forgotten, reference: reference)
          {
            row(label, m) { $0.judge = name }
          }
        }
        guard label != first.label else { continue }
        // Pairs need both pictures.
        let shared = Set(before.samples).intersection(judged.samples)
        let rates = ConceptRates(
          before.seen.at(before.samples.indices.filter { shared.contains(before.samples[$0]) }),
          judged.seen.at(judged.samples.indices.filter { shared.contains(judged.samples[$0]) }),
          prompts: before.samples.filter(shared.contains).map(\.prompt), suite.forgotten,
          classes: judge.classes[suite.forgotten.kind] ?? [], distances: suite.distances)
        for m in rates.shown() + rates.kept() { row(label, m) { $0.judge = name } }
        for distance in suite.distances.isEmpty ? [] : Distance.allCases {
          for m in rates.kept(distance) {
            row(label, m) { ($0.judge, $0.distance) = (name, distance) }
          }
        }
      }
    }
    return (results, verdicts)
  }

  /// Adds the measures of the pictures of other subjects: each model's alone, and the erased model's against the
  /// original's of the same prompts and seeds.
  private func measurePictures(
    _ sets: [(label: String, set: SampleSet)], _ networks: MetricNetworks,
    into results: inout Results
  ) throws {
    let found = PictureMetricCatalog.metrics(networks)
    guard !found.isEmpty else { return }
    let whole = try sets.map { Set(try $0.set.parted().whole) }
    let shared = suite.others.filter { sample in whole.allSatisfy { $0.contains(sample) } }
    guard shared.count > 1 else { return }
    let drawn = try sets.map {
      try DrawnPictures($0.set.load(shared), prompts: shared.map(\.prompt))
    }
    for metric in found {
      for (i, set) in sets.enumerated() {
        guard
          let m = try metric.measure(drawn[i], reference: i == 0 ? nil : drawn[0])
        else { continue }
        results.rows.append(ResultRow(set.label, job.subject, m, seeds: options.seeds))
        guard i > 0 else { continue }
        results.notes += [metric.note(shared.count)].compactMap(\.self)
        if let change = try metric.change(drawn[i], from: drawn[0]) {
          results.rows.append(ResultRow(set.label, job.subject, change, seeds: options.seeds))
        }
      }
    }
  }

  /// Copies the original's pictures from another run in `folder` that drew the same prompts. Methods on one concept
  /// are then compared with the same pictures.
  package func shareOriginal(of part: Run, in folder: Run) throws {
    let files = FileManager.default
    let own = part.file("original")
    guard !files.fileExists(atPath: own.path) else { return }
    let folders =
      (try? files.contentsOfDirectory(at: folder.folder, includingPropertiesForKeys: nil)) ?? []
    for other in folders.map({ $0.appendingPathComponent("original") })
    where other.deletingLastPathComponent() != part.folder {
      guard let set = try? SampleSet(other), set.manifest.samples == samples,
        set.manifest.sampling == options.sampling, try set.missing.isEmpty
      else { continue }
      // A copy that is cut off has another name, and is swept at the next start.
      let half = part.file(".original.\(ProcessInfo.processInfo.processIdentifier).tmp")
      do {
        try files.copyItem(at: other, to: half)
        try files.moveItem(at: half, to: own)
      } catch {
        try? files.removeItem(at: half)
        throw LetheError.unwritable(
          own,
          "the pictures of \(other.path) cannot be copied there; free space or choose another folder"
        )
      }
      return
    }
  }
}
