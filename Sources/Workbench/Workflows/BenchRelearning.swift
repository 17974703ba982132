// `lethe bench relearning`: erasures, plain and inside Meta-Unlearning, fine-tuned on what they forgot.
internal import Attacks
internal import Diffusion
internal import Editing
internal import Evaluation
internal import Foundation
package import Torch
internal import TorchNN
package import Training

package struct BenchRelearning: PartedBench {
  package var model: String
  package var concepts: [String] = []
  package var methods = ["esd-u-1", "esd-u-3", "sdd", "uce", "rece", "erasediff", "advunlearn-u"]
  /// Methods that are run plain alone, and those that they are a merely stronger form of.
  package var controls = ["esd-u-3": "esd-u-1"]
  package var settings: [String] = []
  /// Fine-tunings of each model on each set.
  package var seeds = 3
  package var prompts = 10
  package var seed: UInt64 = 0
  package var options = EvaluationOptions()
  package var command: [String] = []
  package var only: String?

  package init(model: String) { self.model = model }

  private struct Trial {
    let concept: String
    let name: String
    let erase: Erase
    let evaluate: Evaluate
    let relearn: Relearn
    var path: String { "\(concept.slug)/\(name.slug)" }
  }

  package func parts() throws -> [String] { try trials().map(\.path) }

  @discardableResult
  package func callAsFunction(in run: Run, on device: Device) throws -> RelearningTable {
    let trials = try chosen(trials(), \.path)
    var table = RelearningTable(
      concepts: concepts, controls: controls, quick: options.quick,
      command: command.joined(separator: " "))
    for (done, trial) in trials.enumerated() {
      let concept = try Run(run.file(trial.concept.slug), seed: seed)
      let part = try Run(concept.file(trial.name.slug), seed: seed)
      part.onProgress = { p in
        run.progress(
          "\(trial.concept), \(trial.name) (\(done + 1) of \(trials.count)): \(p.stage)", p.done,
          p.total, p.note)
      }
      let eraser = try trial.erase(in: part, on: device)
      try trial.evaluate.shareOriginal(of: part, in: concept)
      let measured = try trial.evaluate(in: part, eraser: eraser, on: device).rows
      try WriteReport(part.folder)()
      let curve = try trial.relearn(in: part, eraser: eraser, on: device)
      table.add(trial.concept, trial.name, measured: measured, curve: curve)
      if only == nil { try table.write(to: run) }
    }
    return table
  }

  /// Everything that can be wrong with the request is found before the first hour of work.
  private func trials() throws -> [Trial] {
    let named = try NamedSettings(settings, of: methods + ["meta", Relearning.name], "method")
    guard
      let tuning = try AttackRun.configured(Relearning.name, settings, of: model) as? Relearning
    else { return [] }
    return try concepts.flatMap { concept in
      try methods.flatMap { name -> [Trial] in
        let variant = BenchVariant.named(name)
        func trial(_ label: String, _ method: String, _ settings: [String], _ variant: String?)
          throws -> Trial
        {
          var job = EraseJob()
          (job.model, job.method, job.concepts) = (model, method, [concept])
          (job.preserve, job.seed, job.command) = (["others"], seed, command)
          let erase = try Erase(job, settings: settings, exports: false, variant: variant)
          var relearn = try Relearn(erase.job, tuning, options, prompts: prompts)
          (relearn.seeds, relearn.seed, relearn.command) = (seeds, seed, command)
          return Trial(
            concept: concept, name: label, erase: erase,
            evaluate: try Evaluate(erase.job, options), relearn: relearn)
        }
        let plain = try trial(name, variant.method, variant.settings + named.of(name), variant.name)
        guard controls[name] == nil else { return [plain] }
        let inner = [
          "base=\(variant.method)", "options=\(plain.erase.job.options.compact)",
        ]
        return [plain, try trial("\(name) meta", "meta", inner + named.of("meta"), nil)]
      }
    }
  }
}
