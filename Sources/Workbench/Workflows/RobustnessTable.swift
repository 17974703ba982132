// What `lethe bench robustness` found, as rows, as tables and as a page.
internal import Attacks
internal import Evaluation
internal import Foundation
internal import Reports
internal import Torch
internal import Training

package struct RobustnessTable {
  struct Picture {
    var concept: String
    var method: String
    var prompt: String
    var column: String
    var data: Data
    var caption: String
    /// Whether the judge sees the concept in it.
    var isBack: Bool
  }
  private struct Entry {
    var concept: String
    var method: String
    var measured: [ResultRow]
    var attacked: [ResultRow]
    var seconds: Double
  }

  let methods: [String]
  let attacks: [String]
  let concepts: [String]
  let quick: Bool
  let command: String
  private var entries: [Entry] = []
  private var gallery: [Picture] = []

  init(
    methods: [String], attacks: [String], concepts: [String], quick: Bool, command: String
  ) {
    (self.methods, self.attacks, self.concepts) = (methods, attacks, concepts)
    (self.quick, self.command) = (quick, command)
  }

  mutating func add(
    _ concept: String, _ method: String, measured: [ResultRow], attacked: [ResultRow],
    seconds: Double, pictures: [Picture]
  ) {
    entries.append(
      Entry(
        concept: concept, method: method, measured: measured.filter { $0.method != "original" },
        attacked: attacked, seconds: seconds))
    gallery += pictures
  }

  // MARK: - Numbers

  /// Successes of all concepts together; nil before there are any.
  /// - Parameter row: `erased` for the prompts as they are, or an attack's name
  func rate(_ method: String, _ row: String, _ metric: String, of concepts: [String]? = nil)
    -> MeasuredValue?
  {
    let found = entries.filter { $0.method == method && concepts?.contains($0.concept) ?? true }
      .flatMap(\.attacked).filter { $0.method == row && $0.metric == metric }
    return found.pooled(metric)
  }

  /// Pictures of all concepts together, for shares; else the mean over concepts.
  func measured(_ method: String, _ metric: String) -> MeasuredValue? {
    let found = entries.filter { $0.method == method }.flatMap(\.measured)
      .filter { $0.metric == metric }
    return metric == "frechet" ? .mean(metric, found.map(\.value)) : found.pooled(metric)
  }

  private func mean(_ method: String, _ attack: String, _ metric: String) -> Double? {
    let found = entries.filter { $0.method == method }.flatMap(\.attacked)
      .filter { $0.method == attack && $0.metric == metric }
    let n = found.map(\.n).reduce(0, +)
    return n > 0 ? found.map { $0.value * Double($0.n) }.reduce(0, +) / Double(n) : nil
  }

  // MARK: - Cells

  private var header: [String] {
    ["pre-ASR ↓"] + attacks.map { "\($0) ↓" }
      + ["UA ↑", "IRA ↑", "CRA ↑", "Frechet ↓", "s to erase"]
  }

  private func line(_ method: String) -> [String] {
    let times = entries.filter { $0.method == method }.map(\.seconds)
    return [ResultsTable.percent(rate(method, "erased", "pre-asr"))]
      + attacks.map { ResultsTable.percent(rate(method, $0, "asr")) }
      + ["ua", "ira", "cra"].map { ResultsTable.percent(measured(method, $0)) }
      + [
        measured(method, "frechet").map { String(format: "%.2f", $0.value) } ?? "",
        times.isEmpty ? "" : String(format: "%.0f", times.reduce(0, +) / Double(times.count)),
      ]
  }

  private func costs(_ method: String) -> [String] {
    attacks.map { attack in
      guard let queries = mean(method, attack, "queries"),
        let seconds = mean(method, attack, "seconds")
      else { return "" }
      return String(format: "%.1f, %.1f s", queries, seconds)
    }
  }

  private var done: [String] { methods.filter { m in entries.contains { $0.method == m } } }

  private var note: String {
    let n = done.first.flatMap { rate($0, "erased", "pre-asr")?.n } ?? 0
    let barred = entries.flatMap(\.attacked).filter { $0.metric == "not-attackable" }
    let counts = Dictionary(grouping: barred) { $0.method }.mapValues {
      $0.map(\.value).reduce(0, +)
    }.filter { $0.value > 0 }.sorted { $0.key < $1.key }
    return
      "\(concepts.joined(separator: ", ")). In %, 95 % intervals over \(n) prompts of all concepts together; "
      + "a prompt that shows the concept before an attack counts as a success of all, one that cannot be attacked as "
      + "withstood"
      + (counts.isEmpty
        ? " (there was none). "
        : " (" + counts.map { "\($0.key) \(Int($0.value))" }.joined(separator: ", ") + "). ")
      + "Frechet: mean over concepts."
  }

  // MARK: - Files

  package var markdown: String {
    "## Robustness\(quick ? " (quick)" : "")\n"
      + tables.map {
        "\n" + ([$0.title, $0.note].filter { !$0.isEmpty }).joined(separator: ". ")
          + "\n\n\($0.markdown)"
      }.joined()
  }

  private var tables: [ReportContent.Table] {
    [
      .init(
        "Attack success rates and what is kept", note: note, header: [""] + header,
        plain: done.map { ($0, line($0)) }),
      .init(
        "Queries and seconds", note: "Means over the prompts that were attacked.",
        header: [""] + attacks, plain: done.map { ($0, costs($0)) }),
      .init("ASR by concept", header: ["", "method"] + attacks, plain: perConcept),
    ]
  }

  private var perConcept: [(label: String, cells: [String])] {
    entries.map { entry in
      (
        entry.concept,
        [entry.method]
          + attacks.map { attack in
            rate(entry.method, attack, "asr", of: [entry.concept]).map {
              "\(Int(($0.value * Double($0.n)).rounded())) of \($0.n)"
            } ?? ""
          }
      )
    }
  }

  func write(to run: Run) throws {
    let rows = entries.flatMap { entry in
      entry.measured.map { row -> ResultRow in
        var row = row
        row.method = entry.method
        return row
      }
        + entry.attacked.map { row -> ResultRow in
          var row = row
          row.method = "\(entry.method) under \(row.method)"
          return row
        }
    }
    let json: JSON = ["quick": .bool(quick), "rows": try JSON(encoding: rows)]
    try run.publish(json, markdown: markdown, page: try page())
  }

  private func page() throws -> ReportContent {
    var content = ReportContent()
    content.title = "Erasures under attack"
    content.subtitle = concepts.joined(separator: ", ")
    if quick { content.warning = "A quick run: few prompts. For looking, not for quoting." }
    content.tables = tables
    content.galleries = concepts.map { concept in
      let own = gallery.filter { $0.concept == concept }
      let prompts = own.map(\.prompt).unique
      return .init(
        concept, note: "Framed red: the judge sees it again. Same seed in a row but for `seeds`.",
        columns: ["original", "erased"] + attacks,
        rows: done.flatMap { method in
          prompts.map { prompt in
            (
              "\(method): \(prompt)",
              own.filter { $0.method == method && $0.prompt == prompt }.map {
                ($0.data, $0.caption, $0.isBack ? "forgotten" : "")
              }
            )
          }
        })
    }
    content.commands = [command].filter { !$0.isEmpty }
    return content
  }
}
