// `lethe evaluate`: the erased model and the original, with the same prompts and seeds, judged.
package import Diffusion
package import Editing
package import Evaluation
internal import Foundation
package import Torch
package import Training

/// How much is drawn.
package struct EvaluationOptions: Codable, Sendable, Hashable {
  package var sampling = SamplingOptions()
  /// Pictures of every prompt of the forgotten subject.
  package var seeds = 4
  /// Pictures of every other prompt.
  package var retainSeeds = 1
  /// Other subjects of the same kind; 0 takes all.
  package var others = 0
  package var batch = 20
  /// The first picture's seed.
  package var firstSeed: UInt64 = 1000
  /// A run this small is for looking, not for quoting.
  package var quick = false

  package init() {}

  /// Under a minute on two cores for a model of the embedded size.
  package static var quickly: EvaluationOptions {
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

package struct Evaluate {
  package let job: EraseJob
  package let options: EvaluationOptions
  private let themes: Themes
  private let forgotten: Forgotten
  private let judge: JudgeNetwork
  private let metrics: MetricCatalog

  /// - Parameter metrics: everything that is measured
  /// - Throws: ``LetheError`` of the kind `model` that says what the model lacks to be judged
  package init(
    _ job: EraseJob, _ options: EvaluationOptions, metrics: MetricCatalog = .builtIn
  ) throws {
    themes = try job.folder.themes()
    let found = job.concepts.compactMap(themes.find)
    guard found.count == job.concepts.count, let kind = found.first?.kind,
      found.allSatisfy({ $0.kind == kind })
    else {
      throw LetheError.model(
        "'\(job.concepts.joined(separator: ", "))' are not all objects or all styles of \(job.model)"
      )
    }
    judge = try job.folder.judge()
    forgotten = Forgotten(kind: kind.rawValue, names: found.map(\.name))
    (self.job, self.options, self.metrics) = (job, options, metrics)
  }

  /// The prompts of both models, the forgotten ones first.
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

  /// Draws, judges and measures; finished pictures are kept.
  @discardableResult
  package func callAsFunction(in run: Run, eraser: Eraser, on device: Device) throws -> Results {
    let original = try job.folder.model(on: device)
    var results = Results(.evaluation, options, judge: judge.card.measured)
    // Real pictures of the very subjects that are drawn.
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

  /// Copies the original's pictures from another run in `folder` that drew the same prompts, so that two methods on
  /// one concept are judged beside the same pictures.
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
