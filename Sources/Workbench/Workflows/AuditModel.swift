// `lethe evaluate MODEL`: what a model's own pictures show, before anything is forgotten.
internal import Diffusion
internal import Editing
internal import Evaluation
package import Foundation
package import Torch
internal import TorchNN
package import Training

/// Draws every pair of object and style and asks the judge.
package struct AuditModel {
  private let folder: URL
  private let options: EvaluationOptions

  package init(_ folder: URL, _ options: EvaluationOptions) {
    (self.folder, self.options) = (folder, options)
  }

  @discardableResult
  package func callAsFunction(in run: Run, on device: Device) throws -> Results {
    guard let themes = try Themes.load(folder) else {
      throw LetheError.model(
        "\(folder.path) has no themes.json, which says what its pictures can be judged for")
    }
    let network = try JudgeNetwork.load(themes.judgeFolder(of: folder), on: device)
    let pairs = themes.pairs
    let kept =
      options.quick ? pairs.enumerated().filter { $0.offset % 7 == 0 }.map(\.element) : pairs
    let samples = kept.flatMap { object, style in
      (0..<(options.quick ? 1 : options.retainSeeds)).map { k in
        SampleSet.Sample(
          SampleSet.name(object, style), k,
          prompt: themes.prompt(object: object, style: style), seed: UInt64(k),
          subjects: Themes.subjects(object, style))
      }
    }
    let model = try DiffusionModel.load(folder, on: device)
    let set = try SampleSet.create(
      run.file("pictures"),
      .init(sampling: options.sampling, model: model.hash(), erasers: [], samples: samples))
    try set.draw(model, batch: options.batch, run, stage: "pictures") {
      Generate.recipe($0, options.sampling, ModelReference(folder.path))
    }
    let judged = try Evaluate.judged(
      set.load(), asked: samples.map(\.subjects), network)
    var measured = network.card.kinds.map { kind in
      let right = judged.asked.indices.filter { judged.asked[$0][kind] == judged.seen[$0][kind] }
      return MeasuredValue.share("\(kind)-accuracy", right.count, of: judged.count)
    }
    let reference = try Evaluate.reference(themes.judgeFolder(of: folder), network)
    let nothing = Forgotten(kind: "object", names: [])
    for metric in [FrechetDistance() as any Metric, Precision(), Recall()] {
      if let m = metric.measure(judged, forgotten: nothing, reference: reference) {
        measured.append(m)
      }
    }
    let results = Results(
      rows: measured.map { ResultRow("original", "all", $0, seeds: options.retainSeeds) },
      quick: options.quick, seeds: options.retainSeeds, sampling: options.sampling,
      judge: network.card.measured)
    try AtomicFile.write(
      Data(try JSON(encoding: results).pretty.utf8), to: run.file("results.json"))
    return results
  }
}
