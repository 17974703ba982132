// `lethe bench forgetting`: a class that a model was trained on, forgotten by every method, beside the model
// retrained without it.
internal import Diffusion
internal import Editing
internal import Evaluation
internal import Foundation
package import Torch
internal import TorchNN
package import Training

package struct BenchForgetting: PartedBench {
  package var model: String
  package var concept: String
  /// The pictures that the model was trained on; see ``CaptionedImages``.
  package var data: String
  package var methods = [
    "retrain", "erasediff", "salun", "randomlabel", "amnesia", "scissorhands", "munba", "ascent",
    "finetune",
  ]
  package var settings: [String] = []
  /// Every method is run with so many seeds of its training and of the pictures; retraining with its own number.
  package var seeds = 3
  package var retrainSeeds = 1
  /// As in the model's own training: every n-th picture of a class was never seen.
  package var heldOutEvery = 10
  package var seed: UInt64 = 0
  package var options = EvaluationOptions()
  package var command: [String] = []
  package var only: String?
  /// Pictures to forget, and unseen ones, that the membership attack tells apart.
  private let attacked = 100

  package init(model: String, concept: String, data: String) {
    (self.model, self.concept, self.data) = (model, concept, data)
  }

  /// One method with one seed.
  private struct Trial {
    var method: String
    var index: Int
    var erase: Erase
    var evaluate: Evaluate
    var name: String { "\(method)-\(index + 1)" }
  }

  package func parts() throws -> [String] { try trials().map(\.name) }

  @discardableResult
  package func callAsFunction(in run: Run, on device: Device) throws -> ForgettingTable {
    let trials = try chosen(trials(), \.name)
    let images = try CaptionedImages(folder: URL(fileURLWithPath: data))
      .heldOut(every: heldOutEvery)
    let original = try DiffusionModel.load(URL(fileURLWithPath: model), on: device)
    func set(_ images: CaptionedImages) throws -> LatentSet? {
      let own = images.filter { $0 == concept }
      guard own.count > 0 else { return nil }
      let picks = (0..<min(attacked, own.count)).map { $0 * own.count / min(attacked, own.count) }
      return try LatentSet(own.chosen(picks), original)
    }
    let (members, unseen) = (try set(images.seen), try set(images.heldOut))
    guard let members else {
      throw LetheError.badValue("--class", "'\(concept)' is no caption of \(data)")
    }
    var table = ForgettingTable(
      concept: concept, quick: options.quick, command: command.joined(separator: " "))
    for (done, trial) in trials.enumerated() {
      let part = try Run(run.file(trial.name), seed: trial.erase.job.seed)
      part.onProgress = { p in
        run.progress(
          "\(trial.name) (\(done + 1) of \(trials.count)): \(p.stage)", p.done, p.total, p.note)
      }
      let eraser = try trial.erase(in: part, on: device)
      try trial.evaluate.shareOriginal(of: part, in: run)
      var results = try trial.evaluate(in: part, eraser: eraser, on: device)
      if let unseen {
        let seed = trial.erase.job.seed
        results.rows += [
          try membership(
            "original", original, seed: seed, members, unseen, part,
            run.file("membership-original-\(trial.index + 1).json")),
          try membership(
            trial.method, original.applying([eraser]), seed: seed, members, unseen, part,
            part.file("membership.json")),
        ]
      }
      try WriteReport(part.folder)()
      table.add(
        results.rows, seed: trial.index, cost: try cost(trial, part),
        pictures: try pictures(trial, part))
      if only == nil { try table.write(to: run) }
    }
    return table
  }

  /// Everything that can be wrong with the request is found before the first hour of work.
  private func trials() throws -> [Trial] {
    let named = try NamedSettings(settings, of: methods, "method")
    guard try Themes.load(URL(fileURLWithPath: model))?.objects.contains(concept) == true else {
      throw LetheError.badValue("--class", "'\(concept)' is no class of \(model)")
    }
    return try methods.flatMap { method -> [Trial] in
      try (0..<(method == "retrain" ? min(seeds, retrainSeeds) : seeds)).map { index in
        var job = EraseJob()
        (job.model, job.method, job.concepts) = (model, method, [concept])
        (job.preserve, job.seed, job.command) = (["others"], seed &+ UInt64(index), command)
        (job.forgetImages, job.retainImages) = (data, data)
        let erase = try Erase(
          job, settings: ["data.heldOutEvery=\(heldOutEvery)"] + named.of(method), exports: false)
        var options = options
        options.firstSeed += 10_000 * (index + Int(seed))
        return Trial(
          method: method, index: index, erase: erase, evaluate: try Evaluate(erase.job, options))
      }
    }
  }

  /// The attack on a model, with the trial's seed; what `file` holds of it already is taken.
  private func membership(
    _ name: String, _ model: @autoclosure () throws -> DiffusionModel, seed: UInt64,
    _ members: LatentSet, _ unseen: LatentSet, _ run: Run, _ file: URL
  ) throws -> ResultRow {
    let known = try? JSONDecoder().decode([ResultRow].self, from: Data(contentsOf: file))
    if let row = known?.first(where: { $0.method == name }) { return row }
    run.progress("membership attack", 0, 1)
    var attack = MembershipInference()
    attack.seed = seed
    let model = try model()
    let row = ResultRow(
      name, concept,
      MembershipInference.area(
        members: attack.scores(model, members), others: attack.scores(model, unseen)), seeds: 1)
    run.progress("membership attack", 1, 1)
    try AtomicFile.write(try JSONEncoder().encode([row]), to: file)
    return row
  }

  private func cost(_ trial: Trial, _ part: Run) throws -> ForgettingTable.Cost {
    let provenance: JSON = try JSON(contentsOf: part.file("provenance.json"))
    return ForgettingTable.Cost(
      seconds: provenance["seconds"]?.number ?? 0,
      steps: trial.erase.job.options["training"]?["steps"]?.int ?? 0,
      peakMemory: provenance["peakMemory"]?.number ?? 0)
  }

  /// A few pictures of the forgotten class and one of each other, of the first seed.
  private func pictures(_ trial: Trial, _ part: Run) throws -> [ForgettingTable.Picture] {
    guard trial.index == 0 else { return [] }
    return try [("original", "original"), (trial.method, "erased")].flatMap { method, folder in
      let set = try SampleSet(part.file(folder))
      let gone = set.manifest.samples.filter { $0.subjects["object"] == concept }.prefix(4)
      let rest = set.manifest.samples.filter { $0.subjects["object"] != concept && $0.k == 0 }
      return try (gone + rest).map {
        ForgettingTable.Picture(
          method: method, prompt: $0.prompt, data: try Data(contentsOf: set.url($0)))
      }
    }
  }
}
