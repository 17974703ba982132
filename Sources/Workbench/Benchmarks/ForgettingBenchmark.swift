// `lethe bench forgetting`: a class that a model was trained on, forgotten by every method, beside the model
// retrained without it.
internal import Diffusion
internal import Editing
package import Evaluation
internal import Foundation
internal import Torch
internal import Training

package struct ForgettingBenchmark: Benchmark {
  package static let kind = Results.Kind.benchForgetting
  package var options: BenchmarkOptions
  /// The class that is forgotten.
  package var concept: String
  /// The folder of the pictures that the model was trained on; see ``CaptionedImages``.
  package var data: String
  package var methods = [
    "retrain", "erasediff", "salun", "randomlabel", "amnesia", "scissorhands", "munba", "ascent",
    "finetune",
  ]
  /// Seeds of each method's training and pictures.
  package var seeds = 3
  /// Seeds of retraining.
  package var retrainSeeds = 1
  /// As in the model's own training: every n-th picture of a class was never seen.
  package var heldOutEvery = 10
  /// Pictures to forget, and unseen ones, that the membership attack tells apart.
  let attackedCount = 100

  package init(_ options: BenchmarkOptions, concept: String, data: String) {
    (self.options, self.concept, self.data) = (options, concept, data)
  }

  package func trials() throws -> [Trial] {
    let named = try NamedSettings(options.settings, of: methods, "method")
    guard try options.model.listedThemes()?.objects.contains(concept) == true else {
      throw LetheError.badValue("--class", "'\(concept)' is no class of \(options.model.path)")
    }
    guard try CaptionedImages(folder: URL(fileURLWithPath: data)).captions.contains(concept) else {
      throw LetheError.badValue("--class", "'\(concept)' is no caption of \(data)")
    }
    return try methods.flatMap { method in
      try (0..<(method == "retrain" ? min(seeds, retrainSeeds) : seeds)).map { index in
        var job = EraseJob(
          options.model, method, concept, seed: options.seed &+ UInt64(index),
          command: options.command)
        (job.forgetImages, job.retainImages) = (data, data)
        var evaluation = options.evaluation
        evaluation.firstSeed &+= 10_000 &* (UInt64(index) &+ options.seed)
        let erasure = try ErasureTrial(
          Erase(
            job, settings: ["data.heldOutEvery=\(heldOutEvery)"] + named.of(method),
            catalogs: options.catalogs),
          evaluation)
        return Trial("\(method)-\(index + 1)") { part, whole, device in
          try measure(erasure, method, index, part, whole, device)
        }
      }
    }
  }

  private func measure(
    _ erasure: ErasureTrial, _ method: String, _ index: Int, _ part: Run, _ whole: Run,
    _ device: Device
  ) throws -> Trial.Findings {
    let (eraser, results) = try erasure(in: part, beside: whole, on: device)
    let original = try options.model.model(on: device)
    let membership = try Membership(self, original)
    let seed = erasure.erase.job.seed
    try whole.runFolder.claim(
      "membership-of.json",
      for: [
        "base": .string(original.hash()), "seed": JSON(options.seed),
        "data": try JSON(encoding: FolderListing(URL(fileURLWithPath: data))),
        "heldOutEvery": .int(heldOutEvery), "pictures": .int(attackedCount),
      ], "bench")
    var found = Trial.Findings()
    found.judge = results.judge
    found.rows = results.rows + erasure.cost(part, method)
    found.rows += try membership.row(
      "original", seed, part, kept: whole.file("membership-original-\(index + 1).json")
    ) { original }
    found.rows += try membership.row(method, seed, part, kept: part.file("membership.json")) {
      try original.applying([eraser])
    }
    found.rows = found.rows.map { row in row.with { $0.seed = index + 1 } }
    if index == 0 { found.pictures = try pictures(method, part) }
    try WriteReport(part.runFolder, catalogs: options.catalogs)()
    return found
  }

  /// A few pictures of the forgotten class and one of each other.
  private func pictures(_ method: String, _ part: Run) throws -> [ResultPicture] {
    try [("original", "original"), (method, "erased")].flatMap { label, folder in
      let set = try SampleSet(part.file(folder))
      let gone = set.manifest.samples.filter { $0.subjects["object"] == concept }.prefix(4)
      let rest = set.manifest.samples.filter { $0.subjects["object"] != concept && $0.k == 0 }
      // Every method draws the original beside it; the page shows the first.
      let place = "\(part.folder.lastPathComponent)/\(folder)"
      return (gone + rest).map {
        ResultPicture(
          "\(place)/\($0.file)", label, $0.subjects["object"] ?? "", prompt: $0.prompt,
          caption: $0.prompt)
      }
    }
  }

  /// Over the seeds of each method: the mean of every metric with Student's interval.
  package func complete(_ results: inout Results) {
    let alone = results.rows.filter { $0.axes.seed != nil }
    for method in alone.map(\.method).unique {
      for metric in alone.map(\.metric).unique {
        let own = alone.filter { $0.method == method && $0.metric == metric }.map(\.measured)
        guard let first = own.first else { continue }
        let values = own.map(\.value)
        // One seed has the interval of its pictures.
        let interval = own.count > 1 ? Interval.t(values) : first.interval
        results.rows.append(
          ResultRow(
            method, concept,
            MeasuredValue(
              metric, values.mean, first.unit, n: own.map(\.n).reduce(0, +), interval),
            seeds: own.count))
      }
    }
  }
}

/// The membership attack on the forgotten class: pictures that training saw against pictures that it did not.
private struct Membership {
  private let concept: String
  private let members: LatentSet
  private let unseen: LatentSet?

  init(_ bench: ForgettingBenchmark, _ original: DiffusionModel) throws {
    concept = bench.concept
    let images = try CaptionedImages(folder: URL(fileURLWithPath: bench.data))
      .heldOut(every: bench.heldOutEvery)
    func set(_ images: CaptionedImages) throws -> LatentSet? {
      let own = images.filter { $0 == bench.concept }
      let count = min(bench.attackedCount, own.count)
      guard count > 0 else { return nil }
      return try LatentSet(own.chosen((0..<count).map { $0 * own.count / count }), original)
    }
    guard let members = try set(images.seen) else {
      throw LetheError.badValue("--class", "'\(bench.concept)' is no caption of \(bench.data)")
    }
    (self.members, unseen) = (members, try set(images.heldOut))
  }

  /// The attack on a model with the trial's seed; a row that `kept` holds already is taken. None without unseen pictures.
  func row(
    _ method: String, _ seed: UInt64, _ run: Run, kept: URL, _ model: () throws -> DiffusionModel
  ) throws -> [ResultRow] {
    guard let unseen else { return [] }
    let known = try? JSONDecoder().decode([ResultRow].self, from: Data(contentsOf: kept))
    if let row = known?.first(where: { $0.method == method }) { return [row] }
    run.progress("membership attack", 0, 1)
    var attack = MembershipInference()
    attack.seed = seed
    let model = try model()
    let row = ResultRow(
      method, concept,
      MembershipInference.area(
        members: attack.scores(model, members), others: attack.scores(model, unseen)), seeds: 1)
    run.progress("membership attack", 1, 1)
    try AtomicFile.write(try JSONEncoder().encode([row]), to: kept)
    return [row]
  }
}
