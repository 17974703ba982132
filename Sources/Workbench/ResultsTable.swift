package import Evaluation
internal import Foundation

/// Results as a Markdown table: method and subject down, metrics across, 95 % intervals behind.
package enum ResultsTable {
  package static func markdown(_ rows: [ResultRow]) -> String {
    let metrics = Metrics.all.filter { m in rows.contains { $0.metric == m.name } }
    var text =
      "| subject | method | "
      + metrics.map { "\($0.name) \($0.better == .higher ? "↑" : "↓")" }.joined(separator: " | ")
      + " | n |\n|---|---|" + metrics.map { _ in "---|" }.joined() + "---|\n"
    var seen: [String] = []
    for row in rows where !seen.contains("\(row.subject)|\(row.method)") {
      seen.append("\(row.subject)|\(row.method)")
      let own = rows.filter { $0.subject == row.subject && $0.method == row.method }
      let cells = metrics.map { m in own.first { $0.metric == m.name }.map(cell) ?? "" }
      let counts = Set(own.map(\.n)).sorted().map(String.init).joined(separator: "/")
      text += "| \(row.subject) | \(row.method) | \(cells.joined(separator: " | ")) | \(counts) |\n"
    }
    return text
  }

  /// A share in percent with its interval; empty for nil.
  package static func percent(_ m: MeasuredValue?) -> String {
    m.map { String(format: "%.1f [%.1f, %.1f]", 100 * $0.value, 100 * $0.lower, 100 * $0.upper) }
      ?? ""
  }

  package static func cell(_ row: ResultRow) -> String {
    Metrics.all.contains { $0.name == row.metric && !$0.isShare }
      ? String(format: "%.2f [%.2f, %.2f]", row.value, row.lower, row.upper)
      : String(format: "%.1f %% [%.1f, %.1f]", 100 * row.value, 100 * row.lower, 100 * row.upper)
  }
}

extension [ResultRow] {
  /// Shares of several runs as one; nil without rows.
  func pooled(_ metric: String) -> MeasuredValue? { .pooled(metric, map { ($0.value, $0.n) }) }
}

extension [String] {
  /// Each once, in order.
  var unique: [String] {
    reduce(into: []) { seen, value in if !seen.contains(value) { seen.append(value) } }
  }
}
