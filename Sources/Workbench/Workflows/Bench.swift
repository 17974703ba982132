// `lethe bench`: every method on every concept, one table.
internal import Diffusion
internal import Editing
internal import Evaluation
internal import Foundation
package import Torch
package import Training

package struct Bench: PartedBench {
  package var model: String
  package var methods: [String]
  package var concepts: [String] = []
  package var preserve: [String] = []
  package var settings: [String] = []
  package var seed: UInt64 = 0
  package var options = EvaluationOptions()
  package var command: [String] = []
  package var only: String?

  package init(model: String, methods: [String]) { (self.model, self.methods) = (model, methods) }

  @discardableResult
  package func callAsFunction(in run: Run, on device: Device) throws -> Results {
    var rows: [ResultRow] = []
    var judge: [String: JSON] = [:]
    for (erase, evaluate, name) in try chosen(trials(), \.name) {
      let part = try Run(run.file(name), seed: seed)
      part.onProgress = { p in
        run.progress("\(name): \(p.stage)", p.done, p.total, p.note)
      }
      let eraser = try erase(in: part, on: device)
      try evaluate.shareOriginal(of: part, in: run)
      let results = try evaluate(in: part, eraser: eraser, on: device)
      judge = results.judge
      for row in results.rows where !rows.contains(row) { rows.append(row) }
      try WriteReport(part.folder)()
      guard only == nil else { continue }
      try write(
        Results(
          rows: rows, quick: options.quick, seeds: options.seeds, sampling: options.sampling,
          judge: judge), run)
    }
    let results = Results(
      rows: rows, quick: options.quick, seeds: options.seeds, sampling: options.sampling,
      judge: judge)
    if only == nil { try write(results, run) }
    return results
  }

  package func parts() throws -> [String] { try trials().map(\.name) }

  /// Everything that can be wrong with the request is found before the first hour of work.
  private func trials() throws -> [(erase: Erase, evaluate: Evaluate, name: String)] {
    let named = try NamedSettings(settings, of: methods, "method")
    return try concepts.flatMap { concept in
      try methods.map { method in
        var job = EraseJob()
        (job.model, job.method, job.concepts) = (model, method, [concept])
        (job.preserve, job.seed, job.command) = (preserve, seed, command)
        let erase = try Erase(job, settings: named.of(method), exports: false)
        return (erase, try Evaluate(erase.job, options), "\(method)-\(concept.slug)")
      }
    }
  }

  /// Subjects chosen by seed: "3,1" is three objects and one style.
  package static func draw(_ counts: String, from model: String, seed: UInt64) throws -> [String] {
    let numbers = counts.split(separator: ",").map { Int($0) }
    guard let themes = try Themes.load(URL(fileURLWithPath: model)), numbers.count == 2,
      let objects = numbers[0], let styles = numbers[1],
      (0...themes.objects.count).contains(objects), (0...themes.styles.count).contains(styles)
    else {
      throw LetheError.badValue(
        "--draw",
        "'\(counts)'; accepted: OBJECTS,STYLES, no more than the model's themes.json lists")
    }
    let g = Generator(seed: seed)
    return Tensor.permutation(themes.objects.count, g).prefix(objects).map { themes.objects[$0] }
      + Tensor.permutation(themes.styles.count, g).prefix(styles).map {
        themes.styles[$0] + " style"
      }
  }

  private func write(_ results: Results, _ run: Run) throws {
    try AtomicFile.write(
      Data(try JSON(encoding: results).pretty.utf8), to: run.file("results.json"))
    try AtomicFile.write(
      Data(ResultsTable.markdown(results.rows).utf8), to: run.file("results.md"))
  }

}

extension Evaluate {
  /// Two methods on one concept are judged beside the same pictures of the original.
  func shareOriginal(of part: Run, in run: Run) throws {
    let files = FileManager.default
    let own = part.file("original")
    guard !files.fileExists(atPath: own.path) else { return }
    let folders =
      (try? files.contentsOfDirectory(at: run.folder, includingPropertiesForKeys: nil)) ?? []
    for other in folders.map({ $0.appendingPathComponent("original") })
    where other.deletingLastPathComponent() != part.folder {
      guard let set = try? SampleSet(other), set.manifest.samples == samples,
        set.manifest.sampling == options.sampling, set.missing.isEmpty
      else { continue }
      return try files.copyItem(at: other, to: own)
    }
  }
}
