// The plans of long commands, for `--dry-run`: a request that would be refused is refused, and the rest is told in sentences.
internal import Attacks
package import Diffusion
package import Editing
package import Evaluation
internal import Foundation
package import Torch
internal import Training
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
    _ = try job.folder.model(on: device).applying([eraser])
    let there = ["original", "erased"].reduce(0) { sum, place in
      sum + suite.samples.count { folder.has("\(place)/\($0.file)") }
    }
    let of = "\(suite.ofConcept.count) for the concept and \(suite.others.count) of other subjects"
    let drawn = there > 0 && !overwrites ? "; \(there) of them are there" : ""
    return CommandPlan(
      sentences: [
        "pictures: \(of), by each of two models, \(Self.words(options.sampling))\(drawn)",
        "judge: \(judges.map(\.description).joined(separator: ", "))",
      ],
      work: WorkEstimate(
        pictures: 2 * suite.samples.count - (overwrites ? 0 : there), options.sampling))
  }

  /// Opens judges and networks, which fails for those that the evaluation would refuse.
  package func check(on device: Device) throws {
    try measures.check(on: device)
    for spec in judges { _ = try suite.open(spec, on: device, in: catalogs.judges) }
  }

  static func words(_ sampling: SamplingOptions) -> String {
    "\(sampling.steps.counted("step")), guidance \(sampling.guidance)"
  }
}

extension AttackRun {
  /// The prompts, attacks and time of an attack that would not be refused.
  package func plan(in folder: RunFolder, eraser: Eraser, on device: Device) throws -> CommandPlan {
    for attack in attacks { try attack.check() }
    let judge = try openJudge(on: device)
    let original = try job.folder.model(on: device)
    _ = try original.applying([eraser])
    let concepts = try job.forgotten(in: job.folder.listedThemes()).fitting(original.layout)
    let place = RunFolder(folder.file("attack"))
    for attack in attacks {
      let inputs = try inputs(
        attack, concepts, base: original.hash(), eraser: eraser.hash(), judge: judge.about.hash)
      try place.refuseOther("\(type(of: attack).name).json", than: inputs, "attack")
    }
    return CommandPlan(
      sentences: [
        "prompts: \(samples.count) of \(suite.ofConcept.count) for the concept, pictures of "
          + Evaluate.words(options.sampling),
        "attacks: \(attacks.map { type(of: $0).name }.joined(separator: ", "))",
        "judge: \(spec); \(criterion)",
      ] + attacks.compactMap { AttackBudget.note($0) },
      work: WorkEstimate(attacks, on: samples.count, options.sampling))
  }
}

extension Relearn {
  /// The fine-tunings, points and time of a command that would not be refused.
  package func plan(in folder: RunFolder, eraser: Eraser, on device: Device) throws -> CommandPlan {
    let original = try job.folder.model(on: device)
    _ = try original.applying([eraser])
    if let data { _ = try CaptionedImages(folder: data) }
    let place = RunFolder(folder.file("relearn"))
    try place.refuseOther(
      "options.json", than: inputs(base: eraser.card.base, eraser: eraser.hash()), "relearn")
    let (work, count) = (try work(on: device), judgedPrompts)
    let points = [0] + tuning.reached.filter { $0 > 0 }
    let sets = trained.map { $0 == .concept ? "pictures of the concept" : "benign pictures" }
    return CommandPlan(
      sentences: [
        "fine-tuning: \(seeds.counted("time")) on \(sets.joined(separator: " and on ")), \(tuning.training.steps.counted("step")), "
          + "mode \(tuning.mode.rawValue)",
        "points: after \(points.map(String.init).joined(separator: ", ")) steps, of \(count.counted("prompt")) each",
        "judge: \(criterion)",
      ],
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
      prompts: judgedPrompts, unseen: unseen, options.sampling)
  }
}
