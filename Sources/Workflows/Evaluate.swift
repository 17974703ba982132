// `lethe evaluate`: the erased and the original model draw the same prompts with the same seeds, and a judge measures
// both.
internal import Diffusion
public import Editing
public import Evaluation
package import Foundation
internal import Processes
public import Torch
public import Training
public import Workbench

extension Results {
  package init(_ kind: Kind, _ options: EvaluationOptions, judge: [String: JSON] = [:]) {
    self.init(kind)
    (quick, seeds, sampling, self.judge) = (options.quick, options.seeds, options.sampling, judge)
  }
}

/// The command `lethe evaluate` for a run.
public struct Evaluate {
  /// The request of the run.
  public let job: EraseJob
  /// The size of the evaluation and its sampling options.
  public let options: EvaluationOptions
  package let suite: PromptSuite
  let judges: [JudgeSpec]
  /// The catalogs in which metrics and judges are looked up.
  let catalogs: Catalogs
  /// Whether results and pictures of another evaluation in the same folder go.
  public var overwrites = true
  /// The command line, argument by argument.
  public var command: [String] = []
  /// Networks for measures of the pictures of other subjects.
  package var measures: [MeasureSpec] = []

  /// - Parameter catalogs: the metrics to measure and the judges that are known
  /// - Throws: ``LetheError`` of the kind `model` for a model without themes or judge, or for concepts that it does not
  ///   list
  public init(
    _ job: EraseJob, _ options: EvaluationOptions, catalogs: Catalogs = .builtIn
  ) throws {
    _ = try job.folder.judge()
    try self.init(job, options, catalogs: catalogs, .themed(job, options))
  }

  /// - Parameter judges: nil takes the one that the model's `themes.json` names
  /// - Throws: ``LetheError`` of the kind `request` for a model without a judge
  package init(
    _ job: EraseJob, _ options: EvaluationOptions, catalogs: Catalogs = .builtIn,
    _ suite: PromptSuite, judges: [JudgeSpec] = []
  ) throws {
    self.judges = try judges.isEmpty ? [job.folder.judgeSpec()] : judges
    (self.job, self.options, self.suite, self.catalogs) = (job, options, suite, catalogs)
  }

  /// A sentence where no prompt asks for subjects of two kinds, which composition needs; nil where one does.
  package var noComposition: String? {
    guard !suite.others.isEmpty, suite.others.allSatisfy({ $0.subjects.count < 2 }) else {
      return nil
    }
    return
      "composition is not measured: it needs prompts that ask for subjects of two kinds, such as an object and a style"
  }

  /// The samples that both models draw. Those of the forgotten subjects come first.
  package var samples: [SampleSet.Sample] { suite.samples }

  /// Draws, judges, measures and writes `results.json`. Finished pictures are kept.
  /// - Returns: rows of each judge for the original and for the erased model
  @discardableResult
  public func callAsFunction(in run: Run, eraser: Eraser, on device: Device) throws -> Results {
    // A judge or a network that cannot be opened is named before results that it would replace.
    try measures.check(on: device)
    let opened = try judges.map {
      ($0, try suite.open($0, on: device, in: catalogs.judges))
    }
    if !overwrites { try refuseReplacing(in: run.runFolder) }
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
    var (results, verdicts) = try measured(drawn, by: opened, run.ranks) {
      run.progress($0, $1, $2)
    }
    // One rank alone looks through the networks of these measures, and writes the results.
    if run.ranks.isFirst, !suite.others.isEmpty {
      run.progress("measures of pictures", 0, 0)
      try measurePictures(
        drawn, measures.networks(beside: opened, on: device, cachedIn: run.file("statistics")),
        into: &results)
    }
    (results.command, results.seeds) = (command, suite.seeds)
    results.origin = Origin(
      base: base, eraser: hash, opened.map { ($0.0, $0.1.about.hash) },
      settings: run.runFolder.provenance()?.settings ?? [], on: device)
    results.stopped = try run.runFolder.stopped(RowLabel(job.method), job.subject)
    try run.runFolder.write(
      text: verdicts.map { try JSON(encoding: $0).compact + "\n" }.joined(), to: "samples.jsonl")
    results = run.runFolder.dated(results)
    try run.runFolder.write(results, to: "results.json")
    if run.ranks.isFirst { WriteReport(run.runFolder, catalogs: catalogs).renew(run.note) }
    return results
  }

  /// Results of pictures that were drawn before: the rates of every judge and the measures of the pictures.
  /// - Parameter cache: a folder for statistics of real pictures
  package func measured(
    again sets: [(label: String, set: SampleSet)], cachedIn cache: URL, on device: Device
  ) throws -> (Results, [JudgedPicture]) {
    let opened = try judges.map {
      ($0, try suite.open($0, on: device, in: catalogs.judges))
    }
    var (results, verdicts) = try measured(sets, by: opened, .alone)
    try measurePictures(
      sets, measures.networks(beside: opened, on: device, cachedIn: cache), into: &results)
    return (results, verdicts)
  }

  /// Adds the measures of the pictures of other subjects: each model's alone, and the erased model's against the
  /// original's of the same prompts and seeds.
  private func measurePictures(
    _ sets: [(label: String, set: SampleSet)], _ networks: MetricNetworks,
    into results: inout Results
  ) throws {
    let found = catalogs.pictureMetrics.metrics(networks)
    guard !found.isEmpty else { return }
    let whole = try sets.map { Set(try $0.set.parted().whole) }
    let both = suite.others.filter { sample in whole.allSatisfy { $0.contains(sample) } }
    // Networks look at pictures of one size; the commonest counts.
    let shared = (SampleSet.bySize(both).max { $0.count < $1.count } ?? []).map { both[$0] }
    guard shared.count > 1 else { return }
    if shared.count < both.count {
      results.notes.append(
        "Measures of pictures are of \(shared.count) of \(both.count) pictures: those of the commonest size."
      )
    }
    let drawn = try sets.map {
      try DrawnPictures($0.set.load(shared), prompts: shared.map(\.prompt))
    }
    for metric in found {
      for (i, set) in sets.enumerated() {
        guard
          let m = try metric.measure(drawn[i], reference: i == 0 ? nil : drawn[0])
        else { continue }
        results.rows.append(row(set.label, m, metric.profile))
        guard i > 0 else { continue }
        results.notes += [metric.note(shared.count)].compactMap(\.self)
        if let change = try metric.change(drawn[i], from: drawn[0]) {
          results.rows.append(row(set.label, change, metric.profile))
        }
      }
    }
  }
}
