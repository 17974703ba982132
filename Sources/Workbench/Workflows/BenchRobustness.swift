// `lethe bench robustness`: erasures and every attack on them.
internal import Attacks
internal import Diffusion
internal import Editing
internal import Evaluation
internal import Foundation
package import Torch
internal import TorchNN
package import Training

package struct BenchRobustness: PartedBench {
  package var model: String
  package var concepts: [String] = []
  package var methods = ["none", "esd-x", "esd-u", "uce", "advunlearn", "advunlearn-fast"]
  package var attacks = Attacks.all.map { $0.name }
  package var settings: [String] = []
  /// Prompts of each concept that are attacked.
  package var prompts = 10
  package var threshold = 0.0
  package var seed: UInt64 = 0
  package var options = EvaluationOptions()
  package var command: [String] = []
  package var only: String?

  package init(model: String) { self.model = model }

  private struct Trial {
    let concept: String
    let variant: BenchVariant
    let erase: Erase?
    let evaluate: Evaluate?
    let attack: AttackRun
    var name: String { "\(concept.slug)/\(variant.name)" }
  }

  package func parts() throws -> [String] { try trials(in: nil).map(\.name) }

  @discardableResult
  package func callAsFunction(in run: Run, on device: Device) throws -> RobustnessTable {
    let trials = try chosen(trials(in: run), \.name)
    let base = try DiffusionModel.load(URL(fileURLWithPath: model), on: device).hash()
    var table = RobustnessTable(
      methods: methods, attacks: attacks, concepts: concepts, quick: options.quick,
      command: command.joined(separator: " "))
    for (done, trial) in trials.enumerated() {
      let concept = try Run(run.file(trial.concept.slug), seed: seed)
      let part = try Run(concept.file(trial.variant.name), seed: seed)
      part.onProgress = { p in
        run.progress(
          "\(trial.concept), \(trial.variant.name) (\(done + 1) of \(trials.count)): \(p.stage)",
          p.done, p.total, p.note)
      }
      var seconds = 0.0
      var rows: [ResultRow] = []
      let eraser: Eraser
      if let erase = trial.erase, let evaluate = trial.evaluate {
        eraser = try erase(in: part, on: device)
        try evaluate.shareOriginal(of: part, in: concept)
        rows = try evaluate(in: part, eraser: eraser, on: device).rows
        try WriteReport(part.folder)()
        let provenance: JSON = try JSON(contentsOf: part.file("provenance.json"))
        seconds = provenance["seconds"]?.number ?? 0
      } else {
        var card = Eraser.Card()
        card.base = base
        eraser = Eraser(card, .zero)
      }
      let attacked = try trial.attack(in: part, eraser: eraser, on: device).rows
      table.add(
        trial.concept, trial.variant.name, measured: rows, attacked: attacked, seconds: seconds,
        pictures: try pictures(trial, part))
      if only == nil { try table.write(to: run) }
    }
    return table
  }

  /// Everything that can be wrong with the request is found before the first hour of work.
  private func trials(in run: Run?) throws -> [Trial] {
    let named = try NamedSettings(settings, of: methods + attacks, "method or attack")
    let configured = try attacks.map { try AttackRun.configured($0, settings, of: model) }
    return try concepts.flatMap { concept in
      try methods.map { name -> Trial in
        let variant = BenchVariant.named(name)
        var job = EraseJob()
        (job.model, job.method, job.concepts) = (model, variant.method, [concept])
        (job.preserve, job.seed, job.command) = (["others"], seed, command)
        let erase =
          variant.method == "none"
          ? nil
          : try Erase(
            job, settings: variant.settings + named.of(name), exports: false, variant: variant.name)
        var attack = try AttackRun(erase?.job ?? job, configured, options, limit: prompts)
        (attack.seed, attack.threshold, attack.command) = (seed, threshold, command)
        attack.shared = run?.file(concept.slug)
        return Trial(
          concept: concept, variant: variant, erase: erase,
          evaluate: try erase.map { try Evaluate($0.job, options) }, attack: attack)
      }
    }
  }

  /// The first prompts: what the original draws, what the erased model draws, what each attack gets out of it.
  private func pictures(_ trial: Trial, _ part: Run) throws -> [RobustnessTable.Picture] {
    let (original, erased) = (
      try SampleSet(part.file("attack/original")), try SampleSet(part.file("attack/erased"))
    )
    return try original.manifest.samples.indices.prefix(2).flatMap { i in
      let sample = original.manifest.samples[i]
      func picture(_ column: String, _ data: Data, _ caption: String, _ back: Bool)
        -> RobustnessTable.Picture
      {
        .init(
          concept: trial.concept, method: trial.variant.name, prompt: sample.prompt,
          column: column, data: data, caption: caption, isBack: back)
      }
      let none = try Data(contentsOf: erased.url(sample))
      let firsts = [
        picture("original", try Data(contentsOf: original.url(sample)), sample.prompt, false),
        picture("erased", none, sample.prompt, false),
      ]
      return try firsts
        + attacks.map { attack in
          let outcome = part.events("attack/\(attack).jsonl")
            .compactMap { try? $0.decoded(as: AttackRun.Outcome.self) }.first { $0.index == i }
          let file = part.file("attack/\(attack)/\(i).png")
          let won = FileManager.default.fileExists(atPath: file.path)
          return picture(
            attack, won ? try Data(contentsOf: file) : none,
            outcome?.attempt.map { "\($0.prompt) · seed \($0.seed)" }
              ?? (outcome?.before == true ? "shown before any attack" : "withstood"),
            outcome?.success == true)
        }
    }
  }
}
