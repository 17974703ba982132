// `lethe evaluate`: the erased and the original model draw the same prompts with the same seeds, and a judge measures both.
public import Diffusion
public import Editing
public import Evaluation
internal import Foundation
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
  private let themes: Themes
  private let forgotten: Forgotten
  private let judge: JudgeNetwork
  private let metrics: MetricCatalog

  /// - Parameter metrics: the metrics to measure
  /// - Throws: ``LetheError`` of the kind `model` for a model without themes or judge, or for concepts that it does not
  ///   list as one kind
  public init(
    _ job: EraseJob, _ options: EvaluationOptions, metrics: MetricCatalog = .builtIn
  ) throws {
    themes = try job.folder.themes()
    let found = job.concepts.compactMap(themes.find)
    guard found.count == job.concepts.count, let kind = found.first?.kind,
      found.allSatisfy({ $0.kind == kind })
    else {
      throw LetheError.model(
        "'\(job.concepts.joined(separator: ", "))': \(job.model)/themes.json must list all of them, either as objects or as styles"
      )
    }
    judge = try job.folder.judge()
    forgotten = Forgotten(kind: kind.rawValue, names: found.map(\.name))
    (self.job, self.options, self.metrics) = (job, options, metrics)
  }

  /// The samples that both models draw. Those of the forgotten subjects come first.
  package var samples: [SampleSet.Sample] {
    var objects = themes.objects
    let gone = Set(forgotten.names)
    if options.others > 0 {
      let rest = objects.filter { !gone.contains($0) }
      let every = max(1, rest.count / options.others)
      let chosen = Set(
        rest.enumerated().filter { $0.offset % every == 0 }.prefix(options.others).map(\.element))
      objects = objects.filter { gone.contains($0) || chosen.contains($0) }
    }
    var samples: [SampleSet.Sample] = []
    for pass in [true, false] {
      for object in objects {
        for style in themes.styles.isEmpty ? [nil] : themes.styles.map(Optional.some)
        where (gone.contains(object) || gone.contains(style ?? "")) == pass {
          // A forgotten style is asked for with every object once, a forgotten object several times.
          let isObject = forgotten.kind == "object"
          let count = pass && isObject ? options.seeds : options.retainSeeds
          let number = SampleSet.name(object, style)
          for k in 0..<count {
            samples.append(
              .init(
                number, k, prompt: themes.prompt(object: object, style: style),
                seed: UInt64(samples.count) &+ options.firstSeed,
                subjects: Themes.subjects(object, style)))
          }
        }
      }
    }
    return samples
  }

  /// Draws, judges, measures and writes `results.json`. Finished pictures are kept.
  /// - Returns: a row of each metric for the original and for the erased model
  @discardableResult
  public func callAsFunction(in run: Run, eraser: Eraser, on device: Device) throws -> Results {
    let original = try job.folder.model(on: device)
    var results = Results(.evaluation, options, judge: judge.card.measured)
    results.stopped = try run.runFolder.stopped(job.method, job.subject)
    // Real pictures of the subjects that are drawn.
    let drawn = Set(samples.map(\.subjects))
    let reference = try judge.reference(in: job.folder.judgeFolder())?
      .filter { drawn.contains($0) }
    let (base, hash) = (original.hash(), try eraser.hash())
    let sets = [
      (label: "original", folder: "original", model: original, erasers: []),
      (
        job.method, "erased", try original.applying([eraser]), job.pictured
      ),
    ]
    for (label, folder, model, erasers) in sets {
      let set = try SampleSet.create(
        run.place(folder),
        .init(
          sampling: options.sampling, model: base, erasers: erasers, samples: samples))
      let files = erasers.isEmpty ? [] : [run.runFolder.eraserFile.lastPathComponent]
      try set.draw(model, batch: options.batch, run, stage: folder, keepsBroken: true) {
        Generate.recipe(
          $0, options.sampling, ModelReference(job.model, erasers: files), base: base,
          erasers: erasers.isEmpty ? [] : [hash])
      }
      let (judged, broken) = try judge.judged(set)
      if broken > 0 {
        let count = MeasuredValue.notFinite(broken, of: samples.count)
        results.rows.append(ResultRow(label, job.subject, count, seeds: options.seeds))
      }
      for metric in metrics.all {
        if let m = metric.init().measure(judged, forgotten: forgotten, reference: reference) {
          results.rows.append(ResultRow(label, job.subject, m, seeds: options.seeds))
        }
      }
    }
    try run.runFolder.write(results, to: "results.json")
    return results
  }

  /// Copies the original's pictures from another run in `folder` that drew the same prompts. Methods on one concept
  /// are then compared with the same pictures.
  func shareOriginal(of part: Run, in folder: Run) throws {
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
      return try files.copyItem(at: other, to: own)
    }
  }
}
