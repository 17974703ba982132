// The plans of long commands, for `--dry-run`: a request that would be refused is refused, and the rest is told in
// sentences.
internal import Attacks
package import Diffusion
package import Editing
package import Evaluation
internal import Foundation
package import Torch
internal import TorchNN
internal import Training
internal import Unlearning
package import Workbench

/// A plan in sentences, with the work that is known.
package struct CommandPlan {
  package var sentences: [String]
  package var work: WorkEstimate
  /// Work that the estimate does not have, in words.
  package var rest = "the judge's time comes to it"

  /// The sentences with the time that the work takes on this machine.
  package func timed(on model: DiffusionModel) throws -> [String] {
    sentences + [try work.time(on: model, rest)]
  }
}

extension Evaluate {
  /// The pictures, judges and time of an evaluation that would not be refused.
  package func plan(in folder: RunFolder, eraser: Eraser, on device: Device) throws -> CommandPlan {
    try check(on: device)
    if !overwrites { try refuseReplacing(in: folder) }
    let erased = try job.folder.model(on: device).applying([eraser])
    let kept = ["original", "erased"].flatMap { place in
      suite.samples.filter { folder.has("\(place)/\($0.file)") }
    }
    let there = kept.count
    let isDrawn = Dictionary(kept.map { ($0, 1) }, uniquingKeysWith: +)
    let of =
      "\(suite.ofConcept.count) for \(job.inWords) and \(suite.others.count) of other subjects"
    let drawn = there > 0 && !overwrites ? "; \(there) of them are there" : ""
    return CommandPlan(
      sentences: [
        "pictures: \(of), by each of two models, \(Self.words(options.sampling, samples))\(drawn)",
        "judge: \(judges.map(\.description).joined(separator: ", "))",
        erased.memorySentence(
          batch: min(erased.batch(atMost: options.batch), suite.samples.count),
          computing: options.sampling.dtype),
      ],
      work: WorkEstimate(
        suite.samples.flatMap { sample in
          Array(repeating: sample, count: 2 - (overwrites ? 0 : isDrawn[sample] ?? 0))
        }, options.sampling))
  }

  /// Opens judges and networks, which fails for those that the evaluation would refuse.
  package func check(on device: Device) throws {
    try measures.check(on: device)
    for spec in judges { _ = try suite.open(spec, on: device, in: catalogs.judges) }
  }

  /// - Parameter samples: pictures that may bring guidance and size themselves
  package static func words(
    _ sampling: SamplingOptions, _ samples: [SampleSet.Sample] = []
  ) -> String {
    "\(sampling.steps.counted("step")), guidance \(sampling.guidance(of: samples))"
      + (sampling.size(of: samples).map { ", \($0) pixels" } ?? "")
  }
}

extension AttackRun {
  /// The pictures that are attacked, of those that the request has.
  var attacked: String {
    let all = suite.ofConcept.map(\.prompt)
    return "attacked: \(Self.words(prompts)) for \(job.inWords)"
      + (prompts.count < all.count ? ", of \(Self.words(all))" : ", all that there are")
  }

  /// Texts, one for each picture, in words: `5 prompts`, or `10 pictures of 5 prompts` where a text has several.
  package static func words(_ texts: [String]) -> String {
    let prompts = texts.unique.count.counted("prompt")
    return texts.unique.count == texts.count
      ? prompts : "\(texts.count.counted("picture")) of \(prompts)"
  }

  /// The texts by name, each with its number of pictures where it has several; a long list is cut.
  static func list(_ texts: [String]) -> String {
    let named = texts.unique.prefix(12).map { text in
      let count = texts.count { $0 == text }
      return "“\(text)”" + (count > 1 ? " (\(count))" : "")
    }
    let more = texts.unique.count - named.count
    return named.joined(separator: ", ") + (more > 0 ? " and \(more) more" : "")
  }

  /// The prompts, attacks and time of an attack that would not be refused.
  package func plan(in folder: RunFolder, eraser: Eraser, on device: Device) throws -> CommandPlan {
    for attack in attacks { try attack.check() }
    let judge = try openJudge(on: device)
    let original = try job.folder.model(on: device)
    let erased = try original.applying([eraser])
    let concepts = try job.forgotten(in: job.folder.listedThemes()).fitting(original.layout)
    let place = RunFolder(folder.file("attack"))
    for attack in attacks {
      let inputs = try inputs(
        attack, concepts, base: original.hash(), eraser: eraser.hash(), judge: judge.about.hash)
      try place.refuseOther("\(type(of: attack).name).json", than: inputs, "attack")
    }
    return CommandPlan(
      sentences: [
        attacked + ", " + Evaluate.words(options.sampling, samples),
        "attacks: \(attacks.map { type(of: $0).name }.joined(separator: ", "))",
        "judge: \(spec); \(criterion)" + (unaskedNote.map { "; \($0)" } ?? ""),
        erased.memorySentence(
          batch: min(erased.batch(atMost: options.batch), samples.count),
          computing: options.sampling.dtype, step: step(on: erased)),
      ] + attacks.compactMap { AttackBudget.note($0, isPlanned: true) },
      work: WorkEstimate(attacks, on: samples, options.sampling))
  }

  /// The step of the attacks that takes the most memory; nil where none takes gradients of the U-Net.
  private func step(on model: DiffusionModel) -> DiffusionModel.GradientStep? {
    if let training = attacks.lazy.compactMap({ $0 as? any TrainingAttack }).first {
      return training.step(on: model)
    }
    guard attacks.contains(where: { type(of: $0).access == .whiteBox }) else { return nil }
    return .init(pictures: min(model.batch(atMost: Victim.most), samples.count))
  }
}

extension Erase {
  /// The memory of the training: a sentence of the method's own, where it has one, and that by part.
  package func memorySentence(on model: DiffusionModel) throws -> String {
    let own = try method.memory(for: { model }).map { "\($0); " } ?? ""
    let frozen = isTraining ? ComputeType.usual : nil
    let step = (method as? any TrainedMethod)?.step(on: model)
    return own + model.memorySentence(batch: 1, frozen: frozen, step: step)
  }
}

extension Relearn {
  /// The fine-tunings, points and time of a command that would not be refused.
  package func plan(in folder: RunFolder, eraser: Eraser, on device: Device) throws -> CommandPlan {
    let original = try job.folder.model(on: device)
    let erased = try original.applying([eraser])
    if let data { _ = try CaptionedImages(folder: data) }
    let place = RunFolder(folder.file("relearn"))
    try place.refuseOther(
      "options.json", than: inputs(base: eraser.card.base, eraser: eraser.hash()), "relearn")
    let work = try work(on: device)
    let points = [0] + tuning.reached.filter { $0 > 0 }
    let sets = trained.map { $0 == .concept ? "pictures of \(job.inWords)" : "benign pictures" }
    return CommandPlan(
      sentences: [
        "fine-tuning: \(seeds.counted("time")) on \(sets.joined(separator: " and on ")), \(tuning.training.steps.counted("step")), "
          + "mode \(tuning.mode.rawValue)",
        "points: before the fine-tuning"
          + (points.count > 1
            ? " and after \(points.dropFirst().map(String.init).inWords) steps" : "")
          + ", \(sample) each, \(Evaluate.words(options.sampling, judgedSamples))",
        "judge: \(criterion)",
        erased.memorySentence(
          batch: min(erased.batch(atMost: options.batch), judgedPrompts.count),
          computing: options.sampling.dtype,
          step: tuning.step(on: erased)),
      ] + [AttackBudget.note(tuning, isPlanned: true)].compactMap(\.self),
      work: work)
  }

  /// The work of the fine-tunings; opens the judge, which fails for one that would be refused.
  package func work(on device: Device) throws -> WorkEstimate {
    try openJudge(on: device)
    // The pictures of a folder are not drawn; benign ones are as many.
    let pictures = trained.count { $0 == .benign || data == nil } * tuning.pictures
    return WorkEstimate(
      tuning, steps: tuning.training.steps, sets: pictures + 3 * unseen,
      repetitions: seeds * trained.count, checkpoints: 1 + tuning.reached.count { $0 > 0 },
      judged: WorkEstimate(judgedSamples, options.sampling), unseen: unseen)
  }
}

extension EraseJob {
  /// The concepts in a sentence: `the concept 'fox'`, `the concepts 'fox' and 'noto'`.
  package var inWords: String {
    (concepts.count > 1 ? "the concepts " : "the concept ")
      + concepts.map { "'\($0)'" }.inWords
  }
}
