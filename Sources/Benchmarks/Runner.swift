public import Evaluation
public import Foundation
internal import Processes
public import Torch
public import Training
internal import Unlearning
package import Workbench
internal import Workflows

/// Runs the trials of a benchmark, in this process or in several at a time, and keeps its results and its page up to
/// date.
///
/// A benchmark that was interrupted goes on, because trials keep their finished work.
public struct Runner {
  /// The path of the one trial to run. Nil runs all.
  public var only: String?
  /// The number of trials at a time, each in a process of its own.
  public var jobs = 1
  /// The program that runs one trial, given `--only PATH`.
  public var program: URL
  /// The arguments of this process.
  public var arguments: [String]

  /// A runner whose trials may be processes of their own.
  public init(program: URL, arguments: [String], only: String? = nil, jobs: Int = 1) {
    (self.program, self.arguments, self.only, self.jobs) = (program, arguments, only, jobs)
  }

  /// All trials, one after another, in this process.
  public init() {
    self.init(program: OwnProgram.url, arguments: [])
  }

  /// The plan of a benchmark that would not be refused: its trials, and the time that is known.
  /// - Parameter folder: the benchmark's, whose finished trials count as work all the same
  package func plan<B: Benchmark>(
    _ benchmark: B, in folder: RunFolder, on device: Device
  ) throws -> (sentences: [String], trials: [String]) {
    guard jobs >= 1 else { throw LetheError.badValue("--jobs", "\(jobs); accepted: at least 1") }
    let trials = try chosen(benchmark.trials())
    let plans = try trials.map { try $0.plan(device) }
    let work = plans.map(\.work).reduce(WorkEstimate(), +)
    let steps = plans.map(\.steps).reduce(0, +)
    let started = trials.count { FileManager.default.fileExists(atPath: folder.file($0.path).path) }
    var sentences = [
      "trials: \(trials.count)"
        + (started > 0 ? "; \(started) of them have a folder in \(folder.path)" : "")
    ]
    if steps > 0 { sentences.append("trainings: \(steps.counted("step")) in all") }
    if work != WorkEstimate() {
      let model = try benchmark.options.model.model(on: device)
      sentences.append(
        try work.time(
          on: model, "the original's pictures, the trainings' and the judge's time come to it"))
    } else {
      sentences.append("time: not known before this benchmark")
    }
    return (sentences, trials.map(\.path))
  }

  /// Runs the benchmark.
  /// - Returns: the results of all trials, or of the one that ``only`` names
  /// - Throws: ``LetheError`` for a request that cannot be met, and for a failed worker process
  @discardableResult
  public func callAsFunction<B: Benchmark>(
    _ benchmark: B, in run: Run, on device: Device
  ) throws -> Results {
    guard jobs >= 1 else { throw LetheError.badValue("--jobs", "\(jobs); accepted: at least 1") }
    let trials = try chosen(benchmark.trials())
    let development = try benchmark.options.development()
    let themes = try benchmark.options.model.listedThemes()
    let ranks = only == nil ? run.ranks : .alone
    guard ranks.isAlone || jobs == 1 else {
      throw LetheError.badValue(
        "--jobs", "\(jobs); accepted: 1 beside several ranks, which take the trials in turn")
    }
    // A judge or an option that trials would be refused for is found before the first of them erases anything.
    if only == nil, !run.runFolder.has("results.json") { _ = try trials.first?.plan(device) }
    // A trial is one rank's own.
    let whole = try ranks.isAlone ? run : run.seeded(run.seed)
    whole.ranks = .alone
    if only == nil {
      try ranks.first { try benchmark.prepare(in: whole, on: device) }
      if jobs > 1 {
        let threads = max(1, Runtime.threads / jobs)
        try Workers(jobs, program: program, threads: threads)(
          trials.map(\.path), arguments, in: run)
      }
    }
    var results = empty(benchmark)
    var models: Set<String> = []
    var judges: [String: String] = [:]
    var erasers: [String: String] = [:]
    var settings: [OptionSource] = []
    var findings: [Trial.Findings] = []
    // A benchmark that was finished has its date.
    let former = try? run.runFolder.results()
    func measured(_ number: Int) throws -> (Run, Trial.Findings) {
      let trial = trials[number]
      let part = try Run(run.file(trial.path), seed: benchmark.options.seed)
      try part.keepOthersOut()
      part.onProgress = { p in
        run.progress(
          "\(trial.path) (\(number + 1) of \(trials.count)): \(p.stage)", p.done, p.total, p.note)
      }
      return (part, try trial.measure(part, whole, device))
    }
    let shared =
      try ranks.isAlone ? nil : ranks.map(trials.count) { try measured($0).1 }
    for (done, trial) in trials.enumerated() {
      let (part, found) =
        try shared.map { (try Run(run.file(trial.path)), $0[done]) } ?? measured(done)
      findings.append(found)
      models.formUnion(part.runFolder.provenance().map { [$0.base] } ?? [])
      results.take(found)
      // A row calls a style by its name or by its name and the word.
      results.development = results.rows.map(\.subject).unique.filter {
        development.contains(themes?.find($0)?.name ?? $0)
      }
      if let row = found.rows.first(where: { $0.method != "original" }) {
        results.take(try part.runFolder.stopped(row.label, row.subject, seed: row.axes.seed))
      }
      judges.merge(found.judges) { old, _ in old }
      for (name, hash) in found.erasers {
        erasers[name.isEmpty ? trial.path : "\(trial.path)/\(name)"] = hash
      }
      settings = (settings + found.settings).unique
      let unused = benchmark.options.given.filter { given in
        !settings.contains { $0.key == given.key }
      }
      results.origin = Origin(
        base: models.count == 1 ? models.first : nil, settings: settings + unused,
        seed: benchmark.options.seed, on: device)
      results.origin?.judges = judges
      results.origin?.erasers = erasers
      results.unfinished = trials.count - done - 1
      // A finished benchmark that is run again stays finished in between.
      if only == nil, former?.unfinished != 0 || results.unfinished == 0 {
        let dated = RunFolder.dated(completed(results, benchmark, findings), like: former)
        try publish(dated, benchmark, in: run)
      }
    }
    return completed(results, benchmark, findings)
  }

  private func publish(_ results: Results, _ benchmark: some Benchmark, in run: Run) throws {
    try run.publish(results, metrics: benchmark.options.catalogs.metrics)
  }

  private func empty<B: Benchmark>(_ benchmark: B) -> Results {
    var results = Results(B.kind, benchmark.options.evaluation)
    results.command = benchmark.options.command
    return results
  }

  private func completed(
    _ results: Results, _ benchmark: some Benchmark, _ findings: [Trial.Findings]
  ) -> Results {
    var results = results
    let catalog = benchmark.options.catalogs.methods
    for method in results.rows.map(\.method).unique {
      results.titles[method] = (try? catalog.named(method))?.card.title
    }
    benchmark.complete(&results, with: findings)
    return results
  }

  private func chosen(_ trials: [Trial]) throws -> [Trial] {
    guard let only else { return trials }
    let own = trials.filter { $0.path == only }
    guard !own.isEmpty else {
      throw LetheError.unknown("trial", only, known: trials.map(\.path), in: "--only")
    }
    return own
  }
}

extension Results {
  /// Adds a trial's findings. Rows and pictures that trials share are there once.
  fileprivate mutating func take(_ found: Trial.Findings) {
    for row in found.rows where !rows.contains(row) { rows.append(row) }
    for picture in found.pictures where !pictures.contains(picture) { pictures.append(picture) }
    take(found.stopped)
    judge.merge(found.judge) { old, _ in old }
    notes = (notes + found.notes).unique
  }

  fileprivate mutating func take(_ more: [StoppedTraining]) {
    for stop in more where !stopped.contains(stop) { stopped.append(stop) }
  }
}
