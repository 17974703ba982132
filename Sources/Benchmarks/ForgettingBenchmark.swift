// `lethe bench forgetting`: several methods forget a class that the model was trained on, and are compared with a model
// that was retrained without it.
internal import Diffusion
internal import Editing
public import Evaluation
public import Foundation
internal import Torch
internal import Training
internal import Unlearning
internal import Workbench
internal import Workflows

/// The benchmark `lethe bench forgetting`.
public struct ForgettingBenchmark: Benchmark {
  public static let kind = Results.Kind.benchForgetting
  public var options: BenchmarkOptions
  /// The class to forget.
  public var concept: String
  /// The folder of the pictures that the model was trained on. ``CaptionedImages`` names the accepted forms.
  public var data: URL
  /// Names of methods or of variants.
  public var methods = [
    "retrain", "erasediff", "salun", "randomlabel", "amnesia", "scissorhands", "munba", "ascent",
    "finetune",
  ]
  /// The number of seeds for each method's training and pictures.
  public var seeds = 3
  /// The number of seeds for retraining.
  public var retrainSeeds = 1
  /// The distance n of the pictures that the model's training left out: every n-th picture of a class.
  public var heldOutEvery = 10
  /// Steps of each method's first training after which UA and IRA are measured too, beside before and after it.
  public var curve: [Int] = []
  /// The number of seen and of unseen pictures in the membership attack.
  let attackedCount = 100

  /// A benchmark of one class.
  public init(_ options: BenchmarkOptions, concept: String, data: URL) {
    (self.options, self.concept, self.data) = (options, concept, data)
  }

  public func trials() throws -> [Trial] {
    let named = try options.settings.of(oneOf: methods, "method")
    let (themes, isListed) = (try themes(), try options.model.listedThemes() != nil)
    guard themes.objects.contains(concept) else {
      throw LetheError.badValue(
        "--class",
        "'\(concept)' is no class of \(options.model.path); accepted: the objects in its themes.json"
      )
    }
    guard try CaptionedImages(folder: data).captions.contains(concept) else {
      throw LetheError.badValue(
        "--class", "'\(concept)' is no caption of the pictures in \(data.relativePath)")
    }
    if let step = curve.first(where: { $0 < 1 }) {
      throw LetheError.badValue("--curve", "\(step); accepted: steps from 1")
    }
    return try methods.flatMap { method in
      try (0..<(isReference(method) ? min(seeds, retrainSeeds) : seeds)).map { index in
        var job = EraseJob(
          options.model, method, concept, seed: options.seed &+ UInt64(index),
          command: options.command)
        (job.forgetImages, job.retainImages) = (data.relativePath, data.relativePath)
        if !isListed { job.preserve = themes.objects.filter { $0 != concept } }
        var evaluation = options.evaluation
        evaluation.firstSeed &+= 10_000 &* (UInt64(index) &+ options.seed)
        var trial = options
        trial.evaluation = evaluation
        let erasure = try ErasureTrial(
          Erase(
            job, [["data": ["heldOutEvery": .int(heldOutEvery)]], named.of(method)],
            catalogs: options.catalogs),
          trial, .themed(job, evaluation, of: themes))
        return Trial("\(method)-\(index + 1)", plan: erasure.plan) { part, whole, device in
          try measure(erasure, method, index, part, whole, device)
        }
      }
    }
  }

  /// The model's subjects; the classes of the pictures for a model that lists none, whose judge `--judge` names.
  private func themes() throws -> Themes {
    if let listed = try options.model.listedThemes() { return listed }
    guard !options.judges.isEmpty else {
      throw LetheError.badValue(
        "--judge",
        "\(options.model.path) has no themes.json, which names a judge; accepted: \(JudgeCatalog.builtIn.usage)"
      )
    }
    let images = try CaptionedImages(folder: data)
    return Themes(
      classes: images.classes.isEmpty ? images.captions.unique : images.classes, judge: "")
  }

  private func isReference(_ method: String) -> Bool {
    (try? options.catalogs.methods.named(method).card.isReference) == true
  }

  private func measure(
    _ erasure: ErasureTrial, _ method: String, _ index: Int, _ part: Run, _ whole: Run,
    _ device: Device
  ) throws -> Trial.Findings {
    let isFollowed = index == 0 && !curve.isEmpty && !isReference(method)
    part.snapshotSteps = isFollowed ? Set(curve) : []
    let (eraser, results) = try erasure(in: part, beside: whole, on: device)
    let original = try options.model.model(on: device)
    let membership = try Membership(self, original)
    let seed = erasure.erase.job.seed
    try whole.runFolder.claim(
      "membership-of.json",
      for: [
        "base": .string(original.hash()), "seed": JSON(options.seed),
        "data": try JSON(encoding: FolderListing(data)),
        "heldOutEvery": .int(heldOutEvery), "pictures": .int(attackedCount),
      ], "bench")
    var found = Trial.Findings(results, of: concept, by: method)
    found.rows += erasure.cost(part, method)
    found.rows += try membership.row(
      "original", seed, part, kept: whole.file("membership-original-\(index + 1).json")
    ) { original }
    found.rows += try membership.row(method, seed, part, kept: part.file("membership.json")) {
      try original.applying([eraser])
    }
    if isFollowed { found.rows += try followed(erasure, results, eraser, part, whole, device) }
    found.rows = found.rows.map { row in row.with { $0.seed = index + 1 } }
    if index == 0 {
      // Every method's folder has the original's pictures; the page shows those of the first.
      found.pictures = try pictures(method, part).filter {
        $0.method != "original" || method == methods.first
      }
    }
    try WriteReport(part.runFolder, catalogs: options.catalogs)()
    return found
  }

  /// UA and IRA of the first training before it, after the steps of ``curve`` that it reached and after the step whose
  /// weights were kept; those before it alone where there is no such step. Weights within a training are not those that a
  /// shorter one ends with, where the rate falls towards the end.
  private func followed(
    _ erasure: ErasureTrial, _ results: Results, _ eraser: Eraser, _ part: Run, _ whole: Run,
    _ device: Device
  ) throws -> [ResultRow] {
    let last = erasure.steps(part).kept
    let name = erasure.erase.job.method
    func rows(_ found: Results, of label: String, _ step: Int) -> [ResultRow] {
      found.rows.filter { $0.method == label && Self.followed.contains($0.metric) }.map { row in
        var row = row.with { $0.step = step }
        row.method = name
        return row
      }
    }
    let before = rows(results, of: "original", 0)
    guard last > 0 else { return before }
    let steps = curve.filter { $0 < last }.unique.sorted()
    func file(_ step: Int, _ run: Run) -> URL { run.file("snapshots/\(step).safetensors") }
    func isThere(_ step: Int, _ run: Run) -> Bool {
      FileManager.default.fileExists(atPath: file(step, run).path)
    }
    var trained = part
    if !steps.allSatisfy({ isThere($0, part) }), results.stopped.isEmpty {
      // An erasure that was finished without snapshots is trained once more.
      trained = try Run(part.file("curve/training"), seed: options.seed)
      (trained.onProgress, trained.snapshotSteps) = (part.onProgress, Set(steps))
      if !steps.allSatisfy({ isThere($0, trained) }) {
        try erasure.erase(in: trained, on: device)
      }
    }
    return try before
      + steps.filter { isThere($0, trained) }.flatMap { step -> [ResultRow] in
        var snapshot = try Eraser(contentsOf: file(step, trained))
        snapshot.card = eraser.card
        let place = try Run(part.file("curve/\(step)"), seed: options.seed)
        place.onProgress = part.onProgress
        try erasure.evaluate.shareOriginal(of: place, in: whole)
        return rows(
          try erasure.evaluate(in: place, eraser: snapshot, on: device), of: name, step)
      } + rows(results, of: name, last)
  }

  private static let followed = ["ua", "ira"]

  /// Four pictures of the forgotten class and one of each other class.
  private func pictures(_ method: String, _ part: Run) throws -> [ResultPicture] {
    try [("original", "original"), (method, "erased")].flatMap { label, folder in
      let set = try SampleSet(part.file(folder))
      let gone = set.manifest.samples.filter { $0.subjects["object"] == concept }.prefix(4)
      let rest = set.manifest.samples.filter { $0.subjects["object"] != concept && $0.k == 0 }
      let place = "\(part.folder.lastPathComponent)/\(folder)"
      return (gone + rest).map {
        ResultPicture(
          "\(place)/\($0.file)", label, $0.subjects["object"] ?? "", prompt: $0.prompt,
          caption: $0.prompt)
      }
    }
  }

  /// Adds the mean over seeds of every metric of each method, with Student's t interval, and the reference.
  public func complete(_ results: inout Results) {
    let all = results.rows.map(\.method).unique
    if let reference = all.first(where: isReference) {
      for method in all where method != reference {
        results.baselines[RowLabel(method)] = RowLabel(reference)
      }
    }
    let alone = results.rows.filter { $0.axes.seed != nil && $0.axes.step == nil }
    for method in alone.map(\.method).unique {
      for metric in alone.map(\.metric).unique {
        let rows = alone.filter { $0.method == method && $0.metric == metric }
        let own = rows.map(\.measured)
        guard let first = own.first else { continue }
        let values = own.map(\.value)
        // A single seed keeps the interval over its pictures.
        let interval = own.count > 1 ? Interval.t(values) : first.interval
        results.rows.append(
          ResultRow(
            method, concept,
            MeasuredValue(
              metric, values.mean, first.unit, n: own.map(\.n).reduce(0, +), interval),
            seeds: own.count
          ) { $0.profile = rows.first?.axes.profile })
      }
    }
  }
}

/// The membership attack on the forgotten class. It separates pictures that the training saw from unseen ones.
private struct Membership {
  private let concept: String
  private let members: LatentSet
  private let unseen: LatentSet?

  init(_ bench: ForgettingBenchmark, _ original: DiffusionModel) throws {
    concept = bench.concept
    let images = try CaptionedImages(folder: bench.data)
      .heldOut(every: bench.heldOutEvery)
    func set(_ images: CaptionedImages) throws -> LatentSet? {
      let own = images.filter { $0 == bench.concept }
      let count = min(bench.attackedCount, own.count)
      guard count > 0 else { return nil }
      return try LatentSet(own.chosen((0..<count).map { $0 * own.count / count }), original)
    }
    guard let members = try set(images.seen) else {
      throw LetheError.badValue(
        "--class", "'\(bench.concept)' is no caption of \(bench.data.relativePath)")
    }
    (self.members, unseen) = (members, try set(images.heldOut))
  }

  /// The attack's AUC on a model, with the trial's seed. A row in the file `kept` is returned as it is.
  /// - Returns: no row where the data has no unseen pictures
  func row(
    _ method: String, _ seed: UInt64, _ run: Run, kept: URL, _ model: () throws -> DiffusionModel
  ) throws -> [ResultRow] {
    guard let unseen else { return [] }
    let known = try? JSONDecoder().decode([ResultRow].self, from: InputFile.data(kept, .json))
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
