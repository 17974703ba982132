// What `lethe bench robustness` found, as rows, as tables and as a page.
internal import Attacks
internal import Evaluation
internal import Foundation
internal import Reports
internal import Torch
internal import Training

public struct RobustnessTable {
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
    -> Measured?
  {
    let found = entries.filter { $0.method == method && concepts?.contains($0.concept) ?? true }
      .flatMap(\.attacked).filter { $0.method == row && $0.metric == metric }
    guard !found.isEmpty else { return nil }
    let hits = found.map { ($0.value * Double($0.n)).rounded() }.reduce(0, +)
    return .share(metric, Int(hits), of: found.map(\.n).reduce(0, +))
  }

  /// Pictures of all concepts together, for shares; else the mean over concepts.
  func measured(_ method: String, _ metric: String) -> Measured? {
    let found = entries.filter { $0.method == method }.flatMap(\.measured)
      .filter { $0.metric == metric }
    guard metric != "frechet" else { return .mean(metric, found.map(\.value)) }
    guard !found.isEmpty else { return nil }
    let hits = found.map { ($0.value * Double($0.n)).rounded() }.reduce(0, +)
    return .share(metric, Int(hits), of: found.map(\.n).reduce(0, +))
  }

  private func mean(_ method: String, _ attack: String, _ metric: String) -> Double? {
    let found = entries.filter { $0.method == method }.flatMap(\.attacked)
      .filter { $0.method == attack && $0.metric == metric }
    let n = found.map(\.n).reduce(0, +)
    return n > 0 ? found.map { $0.value * Double($0.n) }.reduce(0, +) / Double(n) : nil
  }

  // MARK: - Cells

  private func percent(_ m: Measured?) -> String {
    m.map { String(format: "%.1f [%.1f, %.1f]", 100 * $0.value, 100 * $0.lower, 100 * $0.upper) }
      ?? ""
  }

  private var header: [String] {
    ["pre-ASR ↓"] + attacks.map { "\($0) ↓" }
      + ["UA ↑", "IRA ↑", "CRA ↑", "Frechet ↓", "s to erase"]
  }

  private func line(_ method: String) -> [String] {
    let times = entries.filter { $0.method == method }.map(\.seconds)
    return [percent(rate(method, "erased", "pre-asr"))]
      + attacks.map { percent(rate(method, $0, "asr")) }
      + ["ua", "ira", "cra"].map { percent(measured(method, $0)) }
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

  public var markdown: String {
    func line(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |\n" }
    func table(_ header: [String], _ rows: [(String, [String])]) -> String {
      line([""] + header) + line(["---"] + header.map { _ in "---" })
        + rows.map { line([$0.0] + $0.1) }.joined()
    }
    var text = "## Robustness\(quick ? " (quick)" : "")\n\n\(note)\n\n"
    text += table(header, done.map { ($0, self.line($0)) })
    text += "\nMean queries and seconds for each prompt that was attacked:\n\n"
    text += table(attacks, done.map { ($0, costs($0)) })
    text += "\nASR by concept:\n\n"
    text += table(["method"] + attacks, perConcept.map { ($0.0, [$0.1] + $0.2) })
    return text
  }

  private var perConcept: [(String, String, [String])] {
    entries.map { entry in
      (
        entry.concept, entry.method,
        attacks.map { attack in
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
    func cells(_ texts: [String]) -> [(text: String, verdict: String)] {
      texts.map { ($0, "even") }
    }
    content.tables = [
      .init(
        "Attack success rates and what is kept", note: note, header: [""] + header,
        rows: done.map { ($0, cells(line($0))) }),
      .init(
        "Queries and seconds", note: "Means over the prompts that were attacked.",
        header: [""] + attacks, rows: done.map { ($0, cells(costs($0))) }),
      .init(
        "ASR by concept", header: ["", "method"] + attacks,
        rows: perConcept.map { ($0.0, cells([$0.1] + $0.2)) }),
    ]
    content.galleries = concepts.map { concept in
      let own = gallery.filter { $0.concept == concept }
      let prompts = own.reduce(into: [String]()) { seen, picture in
        if !seen.contains(picture.prompt) { seen.append(picture.prompt) }
      }
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
