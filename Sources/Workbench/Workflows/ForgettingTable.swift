// What `lethe bench forgetting` found, as rows, as a table and as a page.
internal import Evaluation
internal import Foundation
internal import Reports
internal import Torch
internal import Training
internal import Unlearning

package struct ForgettingTable {
  struct Cost {
    var seconds: Double
    var steps: Int
    var peakMemory: Double
  }
  struct Picture {
    var method: String
    var prompt: String
    var data: Data
  }
  /// One number of one method under one seed.
  struct Row {
    var method: String
    var metric: String
    var seed: Int
    var measured: MeasuredValue
  }
  /// Mean over seeds and its standard error; the error of one seed is not known.
  struct Mean {
    var value: Double
    var error: Double?
    var n: Int

    init?(_ values: [Double]) {
      guard !values.isEmpty else { return nil }
      n = values.count
      let mean = values.reduce(0, +) / Double(n)
      value = mean
      if n > 1 {
        let squares = values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +)
        error = (squares / Double(n - 1) / Double(n)).squareRoot()
      }
    }
  }

  let concept: String
  let quick: Bool
  let command: String
  private(set) var rows: [Row] = []
  private var costs: [(method: String, cost: Cost)] = []
  private var gallery: [Picture] = []

  init(concept: String, quick: Bool, command: String) {
    (self.concept, self.quick, self.command) = (concept, quick, command)
  }

  mutating func add(_ found: [ResultRow], seed: Int, cost: Cost, pictures: [Picture]) {
    for row in found
    where !rows.contains(where: {
      $0.method == row.method && $0.metric == row.metric && $0.seed == seed
    }) {
      let measured = MeasuredValue(row.metric, row.value, row.lower, row.upper, n: row.n)
      rows.append(Row(method: row.method, metric: row.metric, seed: seed, measured: measured))
    }
    if let method = found.last?.method { costs.append((method, cost)) }
    let hasOriginal = gallery.contains { $0.method == "original" }
    gallery += pictures.filter { $0.method != "original" || !hasOriginal }
  }

  // MARK: - Numbers

  private static let columns: [(name: String, title: String)] = [
    ("ua", "UA ↑"), ("ira", "IRA ↑"), ("p-forgotten", "p forgotten"),
    ("h-forgotten", "H forgotten"),
    ("p-kept", "p kept ↑"), ("h-kept", "H kept"), ("frechet", "Frechet ↓"),
    ("precision", "precision ↑"), ("recall", "recall ↑"), ("mia", "MIA AUC"),
  ]
  /// Numbers between 0 and 1, over which the distance to the retrained model is averaged.
  private static let shares = ["ua", "ira", "p-forgotten", "p-kept", "precision", "recall", "mia"]
  static let gold = "retrain"

  var methods: [String] {
    var found: [String] = []
    for row in rows where !found.contains(row.method) { found.append(row.method) }
    return found
  }

  func mean(_ method: String, _ metric: String) -> Mean? {
    Mean(rows.filter { $0.method == method && $0.metric == metric }.map(\.measured.value))
  }

  /// Mean absolute difference to the retrained model over the shares; nil without a retrained model.
  func gap(_ method: String) -> Double? {
    let differences = Self.shares.compactMap { metric -> Double? in
      guard let own = mean(method, metric), let gold = mean(Self.gold, metric) else { return nil }
      return abs(own.value - gold.value)
    }
    return method == Self.gold || differences.isEmpty
      ? nil : differences.reduce(0, +) / Double(differences.count)
  }

  /// The method nearest to the retrained model among those that forget in at least 95 % of the pictures.
  var nearest: String? {
    methods.filter { method in
      method != "original" && (mean(method, "ua")?.value ?? 0) >= 0.95 && gap(method) != nil
    }.min { (gap($0) ?? 1) < (gap($1) ?? 1) }
  }

  // MARK: - Cells

  private func cell(_ method: String, _ metric: String) -> String {
    guard let mean = mean(method, metric) else { return "" }
    let isShare = Self.shares.contains(metric) && metric != "mia"
    let scale = isShare ? 100.0 : 1
    let digits = isShare ? 1 : 2
    var text = String(format: "%.\(digits)f", scale * mean.value)
    if let error = mean.error { text += String(format: " ± %.\(digits)f", scale * error) }
    return text
  }

  private func cost(_ method: String) -> String {
    let own = costs.filter { $0.method == method }.map(\.cost)
    guard let first = own.first else { return "" }
    let seconds = own.map(\.seconds).reduce(0, +) / Double(own.count)
    let peak = own.map(\.peakMemory).max() ?? 0
    return String(format: "%.0f s, %d, %.0f MB", seconds, first.steps, peak / 1e6)
  }

  private var header: [String] {
    Self.columns.map(\.title) + ["distance to retrained", "cost: time, steps, peak memory"]
  }

  private func line(_ method: String) -> [String] {
    Self.columns.map { cell(method, $0.name) }
      + [gap(method).map { String(format: "%.3f", $0) } ?? "", cost(method)]
  }

  private var differences: [(label: String, cells: [String])] {
    methods.filter { $0 != Self.gold }.map { method in
      (
        method,
        Self.columns.map { column in
          guard let own = mean(method, column.name), let gold = mean(Self.gold, column.name) else {
            return ""
          }
          let isShare = Self.shares.contains(column.name) && column.name != "mia"
          return String(
            format: isShare ? "%+.1f" : "%+.2f", (isShare ? 100 : 1) * (own.value - gold.value))
        }
      )
    }
  }

  private var note: String {
    let seeds = Set(rows.filter { $0.method != Self.gold }.map(\.seed)).count
    let gold = Set(rows.filter { $0.method == Self.gold }.map(\.seed)).count
    let n = rows.first { $0.metric == "ua" }?.measured.n ?? 0
    let kept = rows.first { $0.metric == "ira" }?.measured.n ?? 0
    return
      "Mean ± standard error over \(seeds) seed(s) of training and pictures; retrained with \(gold). A seed "
      + "has \(n) pictures of the forgotten class and \(kept) of the others. UA, IRA, p, precision and recall in "
      + "%, H in nats; AUC of the loss-threshold membership attack, 0.5 tells nothing. Distance: mean absolute "
      + "difference to the retrained model over UA, IRA, both p, precision, recall and AUC."
  }

  private var verdict: String {
    guard let nearest, let gap = gap(nearest) else { return "" }
    return
      "Nearest to the retrained model among the methods with a UA of at least 95 %: \(nearest), at "
      + String(format: "%.3f.", gap)
  }

  // MARK: - Files

  package var markdown: String {
    var text = "## Forgetting \(concept)\(quick ? " (quick)" : "")\n\n\(note)\n\n"
    text +=
      ReportContent.Table(
        "Measured", header: ["method"] + header, plain: methods.map { ($0, line($0)) }
      ).markdown
    if !verdict.isEmpty { text += "\n\(verdict)\n" }
    guard methods.contains(Self.gold) else { return text }
    let columns = ["method"] + Self.columns.map(\.title)
    return text + "\nDifferences to the retrained model:\n\n"
      + ReportContent.Table("Differences", header: columns, plain: differences).markdown
  }

  private var results: JSON {
    .array(
      methods.flatMap { method in
        Self.columns.compactMap { column -> JSON? in
          let own = rows.filter { $0.method == method && $0.metric == column.name }.map(\.measured)
          guard let mean = Mean(own.map(\.value)), let first = own.first else { return nil }
          // Student's t for two and three seeds; one seed has the interval of its pictures.
          let t = [2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776][mean.n] ?? 1.96
          let (low, high) =
            mean.error.map { (mean.value - t * $0, mean.value + t * $0) }
            ?? (first.lower, first.upper)
          return [
            "method": .string(method), "subject": .string(concept), "metric": .string(column.name),
            "value": .number(mean.value), "lower": .number(low), "upper": .number(high),
            "n": .int(own.map(\.n).reduce(0, +)), "seeds": .int(mean.n),
          ]
        }
      })
  }

  func write(to run: Run) throws {
    let json: JSON = ["quick": .bool(quick), "rows": results]
    try run.publish(json, markdown: markdown, page: try page())
  }

  private func page() throws -> ReportContent {
    var content = ReportContent()
    content.title = "Forgetting “\(concept)”"
    content.subtitle = "Every method beside the model retrained without it"
    content.summary = verdict
    if quick { content.warning = "A quick run: few pictures. For looking, not for quoting." }
    func named(_ method: String) -> String {
      (try? Methods.named(method).card.title) ?? method
    }
    content.tables = [
      .init(
        "Measured", note: note, header: ["method"] + header,
        rows: methods.map { method in
          (
            named(method), line(method).map { ($0, method == nearest ? "good" : "even") }
          )
        })
    ]
    if methods.contains(Self.gold) {
      content.tables.append(
        .init(
          "Differences to the retrained model", header: ["method"] + Self.columns.map(\.title),
          plain: differences.map { (named($0.label), $0.cells) }))
    }
    let columns = gallery.filter { $0.method == "original" }.map(\.prompt)
    content.galleries = [
      .init(
        "The same seeds under every method",
        note: "Framed red: asked for the forgotten class.", columns: columns,
        rows: methods.map { method in
          (
            named(method),
            gallery.filter { $0.method == method }.map {
              ($0.data, $0.prompt, $0.prompt == concept ? "forgotten" : "")
            }
          )
        })
    ]
    content.commands = [command].filter { !$0.isEmpty }
    return content
  }
}
