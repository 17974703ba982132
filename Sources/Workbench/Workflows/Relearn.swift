// `lethe relearn`: how fast fine-tuning brings an erased concept back, as a curve, beside benign pictures as a control.
package import Attacks
internal import Diffusion
package import Editing
internal import Evaluation
internal import Foundation
internal import Reports
package import Torch
internal import TorchNN
package import Training

package struct Relearn {
  package let job: EraseJob
  package var tuning: Relearning
  /// A folder of captioned pictures of the concept; nil lets the original draw them.
  package var data: String?
  /// Prompts that the original draws pictures of; none takes the concept's own.
  package var drawn: [String] = []
  package var seeds = 3
  /// Prompts that are judged.
  package var prompts = 10
  package var seed: UInt64 = 0
  package var options: EvaluationOptions
  package var command: [String] = []
  private let judged: AttackRun
  private let themes: Themes
  private let concepts: [Concept]

  /// - Throws: an error that says what the run lacks to be judged
  package init(
    _ job: EraseJob, _ tuning: Relearning, _ options: EvaluationOptions, prompts: Int
  ) throws {
    (self.job, self.tuning, self.options, self.prompts) = (job, tuning, options, prompts)
    judged = try AttackRun(job, [], options, limit: prompts)
    guard let themes = try Themes.load(URL(fileURLWithPath: job.model)) else {
      throw LetheError.model("\(job.model) has no themes.json")
    }
    self.themes = themes
    concepts = job.concepts.map { Concept.resolve($0, in: themes, replacement: job.replacement) }
  }

  /// What models are fine-tuned on.
  static let sets = ["concept", "benign"]

  /// What was measured after some steps of one fine-tuning; a line of `curve.jsonl`.
  struct Point: Codable, Hashable {
    var set: String
    var seed: Int
    var step: Int
    var success: Double
    var n: Int
    /// Mean training loss on unseen pictures of the concept, of related subjects and of unrelated ones.
    var concept: Double
    var related: Double
    var unrelated: Double
  }

  @discardableResult
  package func callAsFunction(in run: Run, eraser: Eraser, on device: Device) throws
    -> RelearningCurve
  {
    let place = try Run(run.file("relearn"), seed: seed)
    place.onProgress = run.onProgress
    try refuseOther(place)
    let steps = [0] + tuning.checkpoints.filter { $0 <= tuning.training.steps }
    var points = place.events("curve.jsonl").compactMap { try? $0.decoded(as: Point.self) }
    let missing = (0..<seeds).flatMap { k in
      Self.sets.map { set -> (set: String, seed: Int, steps: [Int]) in
        let done = points.filter { $0.set == set && $0.seed == k }.map(\.step)
        return (set, k, steps.filter { !done.contains($0) })
      }
    }.filter { !$0.steps.isEmpty }
    // A curve that is whole asks for no model and no pictures.
    if !missing.isEmpty {
      points += try measure(missing, steps, eraser, in: place, on: device)
    }
    let curve = RelearningCurve(
      points: points, title: job.concepts.joined(separator: ", "), method: job.method,
      mode: tuning.mode.rawValue, quick: options.quick, command: command.joined(separator: " "))
    try curve.write(to: place)
    return curve
  }

  /// Fine-tunes where points are missing, and records each.
  private func measure(
    _ missing: [(set: String, seed: Int, steps: [Int])], _ steps: [Int], _ eraser: Eraser,
    in place: Run, on device: Device
  ) throws -> [Point] {
    let original = try DiffusionModel.load(URL(fileURLWithPath: job.model), on: device)
    let victim = try original.applying([eraser])
    let network = try JudgeNetwork.load(
      themes.judgeFolder(of: URL(fileURLWithPath: job.model)), on: device)
    let sets = Dictionary(uniqueKeysWithValues: zip(Self.sets, try sets(original, place)))
    let probes = try probes(original, place)
    var points: [Point] = []
    for (name, k, wanted) in missing {
      guard let set = sets[name] else { continue }
      var model = try FineTuning(victim, on: set, tuning, seed: seed &+ UInt64(k))
      for step in steps {
        let stage = "\(name), seed \(k + 1) of \(seeds)"
        try model.advance(to: step) { done, _ in
          place.progress(stage, done, steps.last ?? step)
        }
        guard wanted.contains(step) else { continue }
        let shown = try judged.shown(model.model, network)
        let losses = probes.map { loss(model.model, $0, seed: k) }
        let point = Point(
          set: name, seed: k, step: step,
          success: Double(shown.filter { $0 }.count) / Double(max(1, shown.count)),
          n: shown.count, concept: losses[0], related: losses[1], unrelated: losses[2])
        points.append(point)
        guard case .object(let line) = try JSON(encoding: point) else { continue }
        try place.record(line, to: "curve.jsonl")
      }
    }
    return points
  }

  /// Pictures to fine-tune on: the concept, and as many that have nothing to do with it.
  private func sets(_ original: DiffusionModel, _ run: Run) throws -> [LatentSet] {
    let concept: LatentSet
    if let data {
      concept = try LatentSet(CaptionedImages(folder: URL(fileURLWithPath: data)), original)
    } else {
      let own = drawn.isEmpty ? concepts.flatMap(\.prompts) : drawn
      concept = try pictures(own, tuning.pictures, original, 1, run, "pictures of the concept")
    }
    let others = Erasure.others(than: job.concepts, in: themes)
    let benign = try pictures(others, concept.count, original, 2, run, "benign pictures")
    return [concept, benign]
  }

  /// Unseen pictures of the concept, of the subjects of its kind that are nearest to it in the original's text
  /// encoder, and of the farthest.
  private func probes(_ original: DiffusionModel, _ run: Run) throws -> [LatentSet] {
    let order = Concept.siblings(of: concepts, in: original)
    let count = min(5, order.count / 2)
    func of(_ names: [String], _ draw: UInt64, _ stage: String) throws -> LatentSet {
      let prompts = names.flatMap { Concept.resolve($0, in: themes, replacement: nil).prompts }
      return try pictures(prompts, 16, original, draw, run, stage)
    }
    return [
      try of(job.concepts, 3, "unseen pictures of the concept"),
      try of(Array(order.prefix(count)), 4, "related pictures"),
      try of(Array(order.suffix(count)), 5, "unrelated pictures"),
    ]
  }

  private func pictures(
    _ prompts: [String], _ count: Int, _ model: DiffusionModel, _ draw: UInt64, _ run: Run,
    _ stage: String
  ) throws -> LatentSet {
    let order = Tensor.permutation(prompts.count, Generator(seed: seed &+ draw))
    return try LatentSet(
      drawnBy: model, (0..<count).map { prompts[order[$0 % order.count]] },
      steps: tuning.pictureSteps, guidance: tuning.guidance, seed: seed &+ 100 &+ draw
    ) { run.progress(stage, $0, $1) }
  }

  private func loss(_ model: DiffusionModel, _ set: LatentSet, seed: Int) -> Double {
    var measure = MembershipInference()
    (measure.seed, measure.batch) = (UInt64(seed), 16)
    let scores = measure.scores(model, set)
    return -scores.reduce(0, +) / Double(max(1, scores.count))
  }

  /// A curve belongs to its options.
  private func refuseOther(_ run: Run) throws {
    let identity: JSON = [
      "tuning": try JSON(encoding: tuning), "data": .string(data ?? ""),
      "drawn": .array(drawn.map(JSON.string)), "seed": .int(Int(truncatingIfNeeded: seed)),
      "sampling": try JSON(encoding: options.sampling), "prompts": .int(prompts),
    ]
    let file = run.file("options.json")
    if let old = try? String(contentsOf: file, encoding: .utf8), old != identity.pretty {
      throw LetheError.badValue(
        "relearn", "\(file.path) is of other options, seeds or sampling; remove \(run.folder.path)")
    }
    try AtomicFile.write(Data(identity.pretty.utf8), to: file)
  }
}

/// What `lethe relearn` found.
package struct RelearningCurve {
  let points: [Relearn.Point]
  let title: String
  let method: String
  let mode: String
  let quick: Bool
  let command: String

  static var measures: [(name: String, title: String, value: KeyPath<Relearn.Point, Double>)] {
    [
      ("success", "success of the prompts", \.success),
      ("loss-concept", "loss on the concept", \.concept),
      ("loss-related", "loss on related subjects", \.related),
      ("loss-unrelated", "loss on unrelated subjects", \.unrelated),
    ]
  }
  private var sets: [String] {
    Relearn.sets.filter { set in points.contains { $0.set == set } }
  }
  var steps: [Int] { Set(points.map(\.step)).sorted() }

  /// Mean over seeds and its standard error, 0 for one seed.
  func mean(_ set: String, _ step: Int, _ value: KeyPath<Relearn.Point, Double>) -> (
    value: Double, error: Double
  ) {
    let found = points.filter { $0.set == set && $0.step == step }.map { $0[keyPath: value] }
    let n = Double(found.count)
    guard n > 0 else { return (.nan, 0) }
    let mean = found.reduce(0, +) / n
    let squares = found.map { ($0 - mean) * ($0 - mean) }.reduce(0, +)
    return (mean, n > 1 ? (squares / (n - 1) / n).squareRoot() : 0)
  }

  /// Area under the curve of successes by the trapezoid rule, over the steps from first to last: 0 to 1.
  func area(_ set: String) -> Double {
    let values = steps.map { mean(set, $0, \.success).value }
    guard let first = steps.first, let last = steps.last, last > first else { return .nan }
    let sum = zip(steps.indices.dropFirst(), steps.indices).reduce(0.0) { total, pair in
      let (i, j) = pair
      return total + Double(steps[i] - steps[j]) * (values[i] + values[j]) / 2
    }
    return sum / Double(last - first)
  }

  private func cell(_ set: String, _ step: Int, _ measure: KeyPath<Relearn.Point, Double>) -> String
  {
    let m = mean(set, step, measure)
    return measure == \.success
      ? String(format: "%.1f ± %.1f %%", 100 * m.value, 100 * m.error)
      : String(format: "%.4f ± %.4f", m.value, m.error)
  }

  private var table: ReportContent.Table {
    .init(
      "Curve", note: note, header: [""] + steps.map { "\($0) steps" } + ["area under the curve"],
      plain: sets.flatMap { set in
        Self.measures.map { measure in
          (
            "\(set): \(measure.title)",
            steps.map { cell(set, $0, measure.value) }
              + [measure.name == "success" ? String(format: "%.3f", area(set)) : ""]
          )
        }
      })
  }

  private var note: String {
    let seeds = Set(points.map(\.seed)).count
    let n = points.first?.n ?? 0
    return
      "Fine-tuning (\(mode)) on pictures of the concept, and on as many benign ones; mean ± standard error over "
      + "\(seeds) seed(s), \(n) prompts each. Losses on pictures that the fine-tuning did not see."
  }

  package var markdown: String {
    "## Relearning \(title) after \(method)\(quick ? " (quick)" : "")\n\n\(note)\n\n\(table.markdown)"
  }

  func write(to run: Run) throws {
    let rows = sets.flatMap { set in
      steps.flatMap { step in
        Self.measures.map { measure -> JSON in
          let m = mean(set, step, measure.value)
          return [
            "method": .string(method), "subject": .string(title), "set": .string(set),
            "step": .int(step), "metric": .string(measure.name), "value": .number(m.value),
            "lower": .number(m.value - m.error), "upper": .number(m.value + m.error),
            "seeds": .int(Set(points.map(\.seed)).count), "n": .int(points.first?.n ?? 0),
          ]
        }
      }
    }
    let areas = sets.map { set -> JSON in ["set": .string(set), "area": .number(area(set))] }
    let json: JSON = [
      "quick": .bool(quick), "mode": .string(mode), "rows": .array(rows), "areas": .array(areas),
    ]
    try run.publish(json, markdown: markdown, page: try page())
  }

  private func page() throws -> ReportContent {
    var content = ReportContent()
    content.title = "Relearning “\(title)”"
    content.subtitle = "\(method), fine-tuned (\(mode))"
    if quick { content.warning = "A quick run: few prompts. For looking, not for quoting." }
    content.tables = [table]
    content.charts = Self.measures.map { measure in
      Chart(
        measure.title, xLabel: "steps of fine-tuning; the band is one standard error",
        lines: sets.map { set in
          .init(
            set,
            steps.map { step in
              let m = mean(set, step, measure.value)
              return .init(
                Double(step), m.value, low: m.value - m.error, high: m.value + m.error)
            })
        })
    }
    content.commands = [command].filter { !$0.isEmpty }
    return content
  }
}
