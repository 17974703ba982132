package import Editing
public import Evaluation
internal import Foundation
public import Torch
public import Training
public import Workbench
internal import Workflows

/// Options that every benchmark takes.
public struct BenchmarkOptions: Sendable {
  /// The model whose concepts are erased and drawn.
  public var model: ModelFolder
  /// Options of methods and attacks.
  public var settings: NamedSettings = [:]
  /// The seed of the erasures and of every draw among concepts.
  public var seed: UInt64 = 0
  /// The size of an evaluation, and its sampling options.
  public var evaluation = EvaluationOptions()
  /// The command line, which stands on the page.
  public var command: [String] = []
  /// Whether concepts on which the model's options were chosen count as test concepts.
  public var countsDevelopment = false
  /// The catalogs in which methods, attacks, metrics and judges are looked up.
  public var catalogs = Catalogs.builtIn
  /// Judges of concepts that the model does not list; none takes the judge that its `themes.json` names.
  package var judges: [JudgeSpec] = []
  /// Prompts of such concepts, their neighbours, and their kind.
  package var request = PromptRequest()
  /// The kind of such concepts, where the request names one.
  package var conceptKind: ConceptKind?

  /// A benchmark of a model with default options.
  public init(_ model: ModelFolder) { self.model = model }

  /// The settings of the command line.
  var given: [OptionSource] {
    settings.given.map { OptionSource($0.key, .string($0.value), "--set") }
  }

  /// The concepts that do not count, because the model's options were chosen on them.
  /// - Throws: ``LetheError`` of the kind `model` for a list of them that cannot be read
  package func development() throws -> [String] {
    countsDevelopment ? [] : try model.developmentConcepts()
  }

  /// One concept to forget, and every other subject preserved.
  func job(_ method: String, _ concept: String, preserve: [String] = ["others"]) throws -> EraseJob
  {
    var job = EraseJob(
      model, method, concept, preserve: preserve, seed: seed, command: command)
    job.holdsOutJudgedCaption = true
    if try model.listedThemes()?.find(concept) == nil {
      // Of several concepts, one may stand beside another.
      func others(_ names: [String]) -> [String] {
        names.filter { Concept.name(of: $0, in: nil).lowercased() != job.subject.lowercased() }
      }
      job.wording = ConceptWording(
        kind: conceptKind ?? .object, related: others(request.related),
        unrelated: others(request.unrelated))
    }
    return job
  }

  /// The prompts for a concept: those of the subjects that the model lists, else those of its kind.
  /// - Throws: ``LetheError`` of the kind `request` for a concept that no judge is there for
  func suite(of job: EraseJob) throws -> PromptSuite {
    if judges.isEmpty { _ = try model.judgeSpec() }
    return try request.suite(of: job, evaluation, on: .cpu)
  }
}

/// An erasure of a benchmark with all its measurements.
public struct Trial {
  /// The results of a trial.
  public struct Findings: Codable {
    /// The measurements.
    public var rows: [ResultRow] = []
    /// Pictures for the page. Their files are relative to the benchmark's folder.
    public var pictures: [ResultPicture] = []
    /// Trainings that their guard stopped, in folders of their own. The runner adds that of the trial's folder.
    public var stopped: [StoppedTraining] = []
    /// The measurements of the judge itself, by name.
    public var judge: [String: JSON] = [:]
    /// SHA-256 of each judge's files, by judge.
    public var judges: [String: String] = [:]
    /// SHA-256 of the trial's erasers: that of its own folder is named "".
    public var erasers: [String: String] = [:]
    /// The options of methods and attacks as NAME.key, with their sources.
    public var settings: [OptionSource] = []
    /// Sentences for the results, e.g. on a judge that cannot tell.
    public var notes: [String] = []
    /// The hits of each prompt after fine-tuning, for differences over the same prompts.
    var relearned: [ControlledGain.Relearned] = []
    /// Nothing measured.
    public init() {}

    /// The rows of a command's results, with what its judges are and where they cannot tell.
    /// - Parameter method: the name of the trial's method or variant
    public init(_ results: Results, of concept: String, by method: String) {
      (rows, judge) = (results.rows, results.judge)
      judges = results.origin?.judges ?? [:]
      if let hash = results.origin?.eraser { erasers = ["": hash] }
      settings = (results.origin?.settings ?? []).map {
        OptionSource("\(method).\($0.key)", $0.value, $0.source)
      }
      guard results.judges.contains(where: { $0.standing == .cannotTell }) else { return }
      notes = results.notes.map { "\(concept): \($0)" }
    }
  }
  /// The trial's name, which is the path of its folder inside the benchmark's.
  public let path: String
  /// The work of the trial, in its own folder. A second call keeps finished work and returns the same findings.
  let measure: (_ part: Run, _ whole: Run, Device) throws -> Findings
  /// The plan of the trial: refusals of its erasure, its judges and its attacks are found without any work.
  let plan: (Device) throws -> Plan

  /// Work of a trial that is known before it.
  struct Plan {
    var work = WorkEstimate()
    /// Steps of trainings.
    var steps = 0
  }

  /// A trial of a benchmark.
  /// - Parameters:
  ///   - path: the name, and the folder inside the benchmark's
  ///   - measure: the work that is not done yet; it gets the trial's own run and the benchmark's
  public init(
    _ path: String,
    measure: @escaping (_ part: Run, _ whole: Run, Device) throws -> Findings
  ) {
    self.init(path, plan: { _ in Plan() }, measure: measure)
  }

  /// A trial whose refusals are found before its work.
  init(
    _ path: String, plan: @escaping (Device) throws -> Plan,
    measure: @escaping (_ part: Run, _ whole: Run, Device) throws -> Findings
  ) {
    (self.path, self.plan, self.measure) = (path, plan, measure)
  }
}

/// A comparison: its trials, and the rows that need all of them. ``Runner`` runs it.
public protocol Benchmark {
  /// The kind of the results. It decides the page.
  static var kind: Results.Kind { get }
  var options: BenchmarkOptions { get }
  /// All trials in the order of the tables.
  /// - Throws: ``LetheError`` for a request that cannot be met, before any work is done
  func trials() throws -> [Trial]
  /// Does work that several trials need, before the first of them.
  func prepare(in run: Run, on device: Device) throws
  /// Adds the rows that need the rows of all trials.
  func complete(_ results: inout Results)
  /// The same for a benchmark that needs more than their rows.
  func complete(_ results: inout Results, with findings: [Trial.Findings])
}

extension Benchmark {
  public func prepare(in run: Run, on device: Device) throws {}
  public func complete(_ results: inout Results) {}
  public func complete(_ results: inout Results, with findings: [Trial.Findings]) {
    complete(&results)
  }
}

/// An erasure and its evaluation beside the original. Most trials begin with one.
struct ErasureTrial {
  let erase: Erase
  let evaluate: Evaluate

  init(_ erase: Erase, _ options: EvaluationOptions) throws {
    self.erase = erase
    evaluate = try Evaluate(erase.job, options, catalogs: erase.catalogs)
  }

  init(_ erase: Erase, _ options: BenchmarkOptions, _ suite: PromptSuite) throws {
    self.erase = erase
    evaluate = try Evaluate(
      erase.job, options.evaluation, catalogs: options.catalogs, suite, judges: options.judges)
  }

  /// Erases and evaluates.
  /// - Parameter shared: the folder of other runs, which may have drawn the original's pictures
  func callAsFunction(
    in part: Run, beside shared: Run, on device: Device
  ) throws -> (eraser: Eraser, results: Results) {
    let (eraser, _) = try erase(in: part, on: device)
    try evaluate.shareOriginal(of: part, in: shared)
    let results = try evaluate(in: part, eraser: eraser, on: device)
    try WriteReport(part.runFolder, catalogs: erase.catalogs)()
    return (eraser, results)
  }

  /// The work of the erasure and of its pictures; the original's are drawn once for all methods.
  /// - Throws: ``LetheError``, as the erasure and the judges would
  func plan(on device: Device) throws -> Trial.Plan {
    try erase.check(nil, on: device)
    try evaluate.check(on: device)
    let pictures = WorkEstimate(evaluate.samples, evaluate.options.sampling)
    return Trial.Plan(
      work: pictures, steps: erase.job.options["training"]?["steps"]?.int ?? 0)
  }

  /// Steps of the training in a folder: those that were done, and those behind the weights that were kept. A training
  /// may end before its last step, because it found that it was enough or because its guard stopped it.
  func steps(_ part: Run) -> (done: Int, kept: Int) {
    if case .stopped(let stop)? = try? part.runFolder.verdict() { return (stop.step, stop.kept) }
    let enough = part.events().last {
      $0["stage"]?.string == erase.job.method && $0["enough"]?.bool == true
    }
    let asked = erase.job.options["training"]?["steps"]?.int ?? 0
    let done = max(0, min(asked, enough?["step"]?.int ?? asked))
    return (done, done)
  }

  /// The seconds, steps and peak memory of the erasure as rows.
  func cost(_ part: Run, _ method: String) -> [ResultRow] {
    guard let provenance = part.runFolder.provenance() else { return [] }
    let steps = steps(part).done
    return [
      MeasuredValue("erase-seconds", provenance.seconds, .seconds, n: 1),
      MeasuredValue("erase-steps", Double(steps), .steps, n: 1),
      MeasuredValue("peak-memory", Double(provenance.peakMemory), .bytes, n: 1),
    ].map { ResultRow(method, erase.job.subject, $0, seeds: 1) }
  }
}
