// `lethe bench relearning`: erasures, plain and inside Meta-Unlearning, fine-tuned on what they forgot.
internal import Attacks
internal import Diffusion
internal import Editing
internal import Evaluation
internal import Foundation
internal import Reports
public import Torch
internal import TorchNN
public import Training

public struct BenchRelearning: PartedBench {
  public var model: String
  public var concepts: [String] = []
  public var methods = ["esd-u-1", "esd-u-3", "sdd", "uce", "rece", "erasediff", "advunlearn-u"]
  /// Methods that are run without the meta part alone.
  public var controls = ["esd-u-3"]
  public var settings: [String] = []
  /// Fine-tunings of each model on each set.
  public var seeds = 3
  public var prompts = 10
  public var seed: UInt64 = 0
  public var options = EvaluationOptions()
  public var command: [String] = []
  public var only: String?

  public init(model: String) { self.model = model }

  private struct Trial {
    let concept: String
    let name: String
    let erase: Erase
    let evaluate: Evaluate
    let relearn: Relearn
    var path: String { "\(concept.slug)/\(name.slug)" }
  }

  public func parts() throws -> [String] { try trials().map(\.path) }

  @discardableResult
  public func callAsFunction(in run: Run, on device: Device) throws -> RelearningTable {
    let trials = try chosen(trials(), \.path)
    var table = RelearningTable(
      concepts: concepts, quick: options.quick, command: command.joined(separator: " "))
    for (done, trial) in trials.enumerated() {
      let concept = try Run(run.file(trial.concept.slug), seed: seed)
      let part = try Run(concept.file(trial.name.slug), seed: seed)
      part.onProgress = { p in
        run.progress(
          "\(trial.concept), \(trial.name) (\(done + 1) of \(trials.count)): \(p.stage)", p.done,
          p.total, p.note)
      }
      let increment = try trial.erase(in: part, on: device)
      try trial.evaluate.shareOriginal(of: part, in: concept)
      let measured = try trial.evaluate(in: part, increment: increment, on: device).rows
      try WriteReport(part.folder)()
      let curve = try trial.relearn(in: part, increment: increment, on: device)
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
        guard !controls.contains(name) else { return [plain] }
        let inner = [
          "base=\(variant.method)", "options=\(plain.erase.job.options.compact)",
        ]
        return [plain, try trial("\(name) meta", "meta", inner + named.of("meta"), nil)]
      }
    }
  }
}

/// What `lethe bench relearning` found.
public struct RelearningTable {
  private struct Entry {
    let concept: String
    let method: String
    let measured: [ResultRow]
    let curve: RelearningCurve
  }
  let concepts: [String]
  let quick: Bool
  let command: String
  private var entries: [Entry] = []

  init(concepts: [String], quick: Bool, command: String) {
    (self.concepts, self.quick, self.command) = (concepts, quick, command)
  }

  mutating func add(
    _ concept: String, _ method: String, measured: [ResultRow], curve: RelearningCurve
  ) {
    entries.append(
      Entry(
        concept: concept, method: method, measured: measured.filter { $0.method != "original" },
        curve: curve))
  }

  var methods: [String] {
    entries.reduce(into: []) { seen, entry in
      if !seen.contains(entry.method) { seen.append(entry.method) }
    }
  }
  private var steps: [Int] { entries.first?.curve.steps ?? [] }

  /// Mean over concepts.
  private func mean(_ method: String, _ value: (Entry) -> Double?) -> Double? {
    let found = entries.filter { $0.method == method }.compactMap(value)
    return found.isEmpty ? nil : found.reduce(0, +) / Double(found.count)
  }
  func success(_ method: String, _ set: String, _ step: Int) -> Double? {
    mean(method) { $0.curve.mean(set, step, \.success).value }
  }
  /// How much the loss on related subjects rises while the model is fine-tuned on the concept.
  func damage(_ method: String) -> Double? {
    guard let first = steps.first, let last = steps.last else { return nil }
    return mean(method) {
      $0.curve.mean("concept", last, \.related).value
        - $0.curve.mean("concept", first, \.related).value
    }
  }

  private var header: [String] {
    let learned = steps.map { "concept, \($0) steps ↓" } + ["area ↓"]
    let control = steps.dropFirst().map { "benign, \($0) ↓" }
    return learned + control + ["UA ↑", "IRA ↑", "CRA ↑", "Frechet ↓", "related loss, rise"]
  }

  private func line(_ method: String) -> [String] {
    func percent(_ x: Double?) -> String { x.map { String(format: "%.1f", 100 * $0) } ?? "" }
    func measured(_ name: String) -> Double? {
      mean(method) { $0.measured.first { $0.metric == name }?.value }
    }
    let area: Double? = mean(method) { $0.curve.area("concept") }
    var cells = steps.map { percent(success(method, "concept", $0)) }
    cells.append(area.map { String(format: "%.3f", $0) } ?? "")
    cells += steps.dropFirst().map { percent(success(method, "benign", $0)) }
    cells += ["ua", "ira", "cra"].map { percent(measured($0)) }
    cells.append(measured("frechet").map { String(format: "%.2f", $0) } ?? "")
    cells.append(damage(method).map { String(format: "%+.4f", $0) } ?? "")
    return cells
  }

  private var note: String {
    let n = entries.first?.curve.points.first?.n ?? 0
    let seeds = Set(entries.first?.curve.points.map(\.seed) ?? []).count
    return
      "\(concepts.joined(separator: ", ")); means over concepts. Share of prompts that show the concept again "
      + "(\(n) prompts, \(seeds) seeds of fine-tuning each) after fine-tuning on pictures of the concept and on benign "
      + "ones, in %. UA, IRA, CRA and Frechet distance before. Intervals are in each run's own report."
  }

  public var markdown: String {
    func line(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |\n" }
    return "## Relearning\(quick ? " (quick)" : "")\n\n\(note)\n\n"
      + line([""] + header) + line(["---"] + header.map { _ in "---" })
      + methods.map { line([$0] + self.line($0)) }.joined()
  }

  func write(to run: Run) throws {
    let rows = methods.map { method -> JSON in
      [
        "method": .string(method),
        "success": .object(
          Dictionary(
            uniqueKeysWithValues: steps.map {
              ("\($0)", JSON.number(success(method, "concept", $0) ?? .nan))
            })),
        "area": .number(mean(method) { $0.curve.area("concept") } ?? .nan),
        "damage": .number(damage(method) ?? .nan),
      ]
    }
    let json: JSON = ["quick": .bool(quick), "rows": .array(rows)]
    try run.publish(json, markdown: markdown, page: try page())
  }

  private func page() throws -> ReportContent {
    var content = ReportContent()
    content.title = "Relearning what was erased"
    content.subtitle = concepts.joined(separator: ", ")
    if quick { content.warning = "A quick run: few prompts. For looking, not for quoting." }
    content.tables = [
      .init(
        "Plain and inside Meta-Unlearning", note: note, header: [""] + header,
        rows: methods.map { method in (method, line(method).map { ($0, "even") }) })
    ]
    content.charts = methods.filter { !$0.hasSuffix(" meta") }.map { method in
      Chart(
        method, xLabel: "steps of fine-tuning on the concept; success of the prompts",
        lines: [method, "\(method) meta"].filter(methods.contains).map { name in
          .init(name, steps.map { .init(Double($0), success(name, "concept", $0) ?? .nan) })
        })
    }
    content.commands = [command].filter { !$0.isEmpty }
    return content
  }
}
