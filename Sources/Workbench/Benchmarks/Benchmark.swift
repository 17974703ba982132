internal import Editing
public import Evaluation
internal import Foundation
public import Torch
public import Training

/// Options that every benchmark takes.
public struct BenchmarkOptions: Sendable {
  public var model: ModelFolder
  /// Options of methods and attacks, NAME.key=value.
  public var settings: [String] = []
  public var seed: UInt64 = 0
  public var evaluation = EvaluationOptions()
  public var command: [String] = []
  /// Where methods, attacks and metrics are looked up.
  public var catalogs = Catalogs.builtIn

  public init(_ model: ModelFolder) { self.model = model }
}

/// One thing that a benchmark tries: an erasure, say, with all that is measured of it.
public struct Trial {
  /// The findings of a trial.
  package struct Findings {
    package var rows: [ResultRow] = []
    /// Pictures for the page; their files are relative to the benchmark's folder.
    package var pictures: [ResultPicture] = []
    /// Measurements of the judge itself, by name.
    package var judge: [String: JSON] = [:]
    package init() {}
  }
  /// The trial's folder inside the benchmark's, and its name.
  package let path: String
  /// Does what is not yet done, in the trial's own folder; a second call finds everything done.
  let measure: (_ part: Run, _ whole: Run, Device) throws -> Findings

  init(
    _ path: String,
    measure: @escaping (_ part: Run, _ whole: Run, Device) throws -> Findings
  ) {
    (self.path, self.measure) = (path, measure)
  }
}

/// A comparison: what is tried, and what the trials say together. ``Runner`` does the rest.
public protocol Benchmark {
  /// The kind of results, which decides the page.
  static var kind: Results.Kind { get }
  var options: BenchmarkOptions { get }
  /// Everything that is tried, in the order of the tables.
  /// - Throws: ``LetheError`` for anything that is wrong with the request, before the first hour of work
  func trials() throws -> [Trial]
  /// Work that several trials need, done before the first of them.
  func prepare(in run: Run, on device: Device) throws
  /// Adds what only all rows together say.
  func complete(_ results: inout Results)
}

extension Benchmark {
  public func prepare(in run: Run, on device: Device) throws {}
  public func complete(_ results: inout Results) {}
}

/// An erasure and its evaluation beside the original: the beginning of most trials.
struct ErasureTrial {
  let erase: Erase
  let evaluate: Evaluate

  init(_ erase: Erase, _ options: EvaluationOptions) throws {
    self.erase = erase
    evaluate = try Evaluate(erase.job, options, metrics: erase.catalogs.metrics)
  }

  /// - Parameter shared: the folder whose other runs may have drawn the original's pictures already
  func callAsFunction(
    in part: Run, beside shared: Run, on device: Device
  ) throws -> (eraser: Eraser, results: Results) {
    let (eraser, _) = try erase(in: part, on: device)
    try evaluate.shareOriginal(of: part, in: shared)
    let results = try evaluate(in: part, eraser: eraser, on: device)
    try WriteReport(part.runFolder, catalogs: erase.catalogs)()
    return (eraser, results)
  }

  /// The cost of the erasure, as rows.
  func cost(_ part: Run, _ method: String) -> [ResultRow] {
    guard let provenance = part.runFolder.provenance() else { return [] }
    let steps = erase.job.options["training"]?["steps"]?.int ?? 0
    return [
      MeasuredValue("erase-seconds", provenance.seconds, .seconds, n: 1),
      MeasuredValue("erase-steps", Double(steps), .steps, n: 1),
      MeasuredValue("peak-memory", Double(provenance.peakMemory), .bytes, n: 1),
    ].map { ResultRow(method, erase.job.subject, $0, seeds: 1) }
  }
}
