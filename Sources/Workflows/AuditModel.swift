// `lethe evaluate MODEL`: measurements of a model's own pictures, before anything is erased.
internal import Diffusion
internal import Editing
package import Evaluation
internal import Foundation
package import Torch
package import Training
package import Workbench

/// Draws every pair of object and style that the model lists, and measures the pictures with its judge.
package struct AuditModel {
  private let model: ModelFolder
  private let options: EvaluationOptions

  package init(_ model: ModelFolder, _ options: EvaluationOptions) {
    (self.model, self.options) = (model, options)
  }

  /// The pictures, judge and time in sentences.
  package func plan(on device: Device) throws -> [String] {
    _ = try model.judge(on: device)
    let count = try samples().count
    let plan = CommandPlan(
      sentences: [
        "pictures: \(count), \(Evaluate.words(options.sampling))",
        "judge: \(try model.judgeSpec())",
      ], work: WorkEstimate(pictures: count, options.sampling))
    return try plan.timed(on: model.model(on: device))
  }

  /// Every pair, or one of seven in a quick run.
  private func samples() throws -> [SampleSet.Sample] {
    let themes = try model.themes()
    let pairs = themes.pairs
    let kept =
      options.quick ? pairs.enumerated().filter { $0.offset % 7 == 0 }.map(\.element) : pairs
    return kept.flatMap { object, style in
      (0..<(options.quick ? 1 : options.retainSeeds)).map { k in
        SampleSet.Sample(
          SampleSet.name(object, style), k,
          prompt: themes.prompt(object: object, style: style), seed: UInt64(k),
          subjects: Themes.subjects(object, style))
      }
    }
  }

  /// Draws, judges and writes `results.json`. Finished pictures are kept.
  /// - Returns: the accuracy of each kind, and Frechet distance, precision and recall where the judge has a reference
  /// - Throws: ``LetheError`` of the kind `model` for a model without themes or judge
  @discardableResult
  package func callAsFunction(in run: Run, on device: Device) throws -> Results {
    let judge = try model.judge(on: device)
    let samples = try samples()
    let network = try model.model(on: device)
    let hash = network.hash()
    let set = try SampleSet.create(
      run.file("pictures"),
      .init(sampling: options.sampling, model: hash, erasers: [], samples: samples),
      by: run.ranks)
    try set.draw(network, batch: options.batch, run, stage: "pictures", keepsBroken: true) {
      Generate.recipe(
        $0, options.sampling, ModelReference(model), base: hash, erasers: [])
    }
    let judged = try judge.judged(set, by: run.ranks) {
      run.progress("judging", $0, $1)
    }.seen
    let broken = samples.count - judged.count
    var measured = broken > 0 ? [MeasuredValue.notFinite(broken, of: samples.count)] : []
    measured += (judged.count > 0 ? judge.card.kinds : []).map { kind in
      let right = judged.asked.indices.filter { judged.asked[$0][kind] == judged.seen[$0][kind] }
      return MeasuredValue.share("\(kind)-accuracy", right.count, of: judged.count)
    }
    let reference = try judge.reference(in: model.judgeFolder())
    let nothing = Forgotten(kind: "object", names: [])
    for metric in [FrechetDistance() as any Metric, Precision(), Recall()] {
      if let m = metric.measure(judged, forgotten: nothing, reference: reference) {
        measured.append(m)
      }
    }
    var results = Results(.audit, options, judge: judge.card.measured)
    results.seeds = options.quick ? 1 : options.retainSeeds
    let spec = try model.judgeSpec()
    let profile = MeasureProfile(judge: spec.description, version: judge.about.hash)
    results.rows = measured.map { value in
      ResultRow("original", ResultRow.allSubjects, value, seeds: results.seeds) {
        $0.profile = profile
      }
    }
    results.origin = Origin(base: hash, [(spec, judge.about.hash)])
    results = run.runFolder.dated(results)
    try run.runFolder.write(results, to: "results.json")
    return results
  }
}
