package import Evaluation
internal import Foundation
internal import Torch

/// The page of `lethe relearn`: curves over the steps of fine-tuning.
package struct RelearningPage {
  /// The results by the first judge.
  let results: Results
  /// Those by each other one.
  private let others: [(judge: String, results: Results)]

  package init(_ results: Results) {
    let judges = results.rows.compactMap(\.axes.judge).unique
    func by(_ judge: String?) -> Results {
      var own = results
      own.rows = results.rows.filter { $0.axes.judge == judge || $0.axes.judge == nil }
      return own
    }
    self.results = judges.isEmpty ? results : by(judges[0])
    others = judges.dropFirst().map { ($0, by($0)) }
  }

  private static let measures = [
    ("success", "success of the prompts"), ("loss-concept", "loss on the concept"),
    ("loss-related", "loss on related subjects"),
    ("loss-unrelated", "loss on unrelated subjects"),
  ]

  private var seeds: Int { results.rows.compactMap(\.axes.seed).unique.count }
  private var isAlone: Bool { seeds == 1 }
  /// The rows over all fine-tunings. A single one has no mean: its own rows have the intervals of its prompts.
  private var all: [ResultRow] {
    results.rows.filter { ($0.axes.seed != nil) == (isAlone && $0.axes.step != nil) }
  }
  private var means: [ResultRow] { all.pooled }
  private var concepts: [(name: String, rows: [ResultRow])] { all.concepts(of: means) }
  private var steps: [Int] { means.compactMap(\.axes.step).unique.sorted() }
  private var sets: [TuningSet] { means.compactMap(\.axes.trainedOn).unique }

  /// The concepts to speak of: each of several, or the one.
  private var subjects: [(name: String, rows: [ResultRow])] {
    concepts.isEmpty ? [(subject, means)] : concepts
  }

  private var subject: String { results.rows.first?.subject ?? "" }

  var content: ReportContent {
    var content = ReportContent()
    content.title = "Relearning “\(subject)”"
    content.subtitle = "\(results.rows.first?.method ?? ""), fine-tuned"
    content.verdict = Self.verdict(results).map { ($0.lines.joined(separator: "\n"), $0.state) }
    content.notices = results.notes.filter { $0.contains("below its full budget") }
    content.tables =
      [table]
      + others.map { judge, results in
        var table = RelearningPage(results).table
        table.title = "Curve by \(judge)"
        return table
      }
    content.charts = Self.measures.map { metric, title in
      Chart(
        title + (metric == "success" && !concepts.isEmpty ? ", all concepts (pooled)" : ""),
        xLabel: "steps of fine-tuning" + band(of: metric),
        yLabel: metric == "success" ? "share of the prompts" : "loss",
        lines: sets.map { set in line(set.rawValue, metric, set, means) })
    }
    if !concepts.isEmpty {
      content.charts.insert(
        Chart(
          "success of the prompts of each concept",
          xLabel: "steps of fine-tuning" + band(of: "success"), yLabel: "share of the prompts",
          lines: concepts.map { name, rows in line(name, "success", .concept, rows) }), at: 1)
    }
    return content
  }

  private func line(
    _ name: String, _ metric: String, _ set: TuningSet, _ rows: [ResultRow]
  ) -> Chart.Line {
    .init(
      name,
      rows.filter { $0.axes.trainedOn == set && $0.metric == metric }.map { row in
        .init(
          Double(row.axes.step ?? 0), row.value, low: row.measured.interval?.lower,
          high: row.measured.interval?.upper)
      })
  }

  /// The share that the last step on the concept brought back, beside the first one and the control, a line for each of
  /// several concepts.
  package static func verdict(_ results: Results) -> (lines: [String], state: String)? {
    let page = RelearningPage(results)
    guard let last = page.steps.last, last > 0 else { return nil }
    let found = page.subjects.compactMap { page.verdict($0.name, last) }
    guard !found.isEmpty else { return nil }
    let state = found.contains { $0.isThere } ? "back" : "away"
    guard let first = page.results.rows.lazy.compactMap(\.axes.judge).first else {
      return (found.map(\.sentence), state)
    }
    // Each judge has its sentences, and one that sees the concept decides.
    let beside = page.others.compactMap { judge, results in
      verdict(results, only: judge)
    }
    return (
      found.map { "by \(first), \($0.sentence)" } + beside.flatMap(\.lines),
      beside.contains { $0.state == "back" } ? "back" : state
    )
  }

  /// The verdict of one of several judges.
  private static func verdict(
    _ results: Results, only judge: String
  ) -> (lines: [String], state: String)? {
    var own = results
    own.rows = results.rows.map { row in row.with { $0.judge = nil } }
    return verdict(own).map { found in
      (found.lines.map { "by \(judge), \($0)" }, found.state)
    }
  }

  private func verdict(
    _ name: String, _ last: Int
  ) -> (sentence: String, isThere: Bool)? {
    // Single fine-tunings: together they share their prompts, and their interval is that of so many.
    let rows = results.rows.filter {
      $0.axes.seed != nil && $0.subject == name && ($0.axes.among != nil) == !concepts.isEmpty
    }
    guard let after = rows.success(.concept, last) else { return nil }
    // A concept that the erased model shows before it is fine-tuned does not come back: it was never away.
    let isThere = after.value > RunVerdict.few
    let returns = isThere && after.value > rows.success(.concept, 0)?.value ?? 0
    func text(_ share: MeasuredValue) -> String { share.text(digits: 0, hasUnit: true) }
    // Few prompts tell neither that it stays away nor that the fine-tuning brought it back.
    let tooFew =
      !isThere
      ? after.interval?.upper ?? 1 > RunVerdict.surely
        ? ", too few to say that it stays away" : ""
      : returns
        && rows.success(.concept, 0).flatMap { after.change(from: $0) }?.lower ?? 1 <= 0
        ? ", too few to say that this is more than before" : ""
    return (
      name + (returns ? " comes back" : isThere ? " was not away" : " stayed away") + ": after"
        + " \(last.counted("step")) of fine-tuning on \(subject), \(after.ofPrompts) show it\(tooFew)"
        + (rows.success(.concept, 0).map { "; before, \(text($0))" } ?? "")
        + (rows.success(.benign, last).map { "; after as many on benign pictures, \(text($0))" }
          ?? "")
        + ".",
      isThere
    )
  }

  /// The meaning of a curve's band, in words; empty for a curve without one.
  private func band(of metric: String) -> String {
    isAlone
      ? metric == "success" ? "; the band is the 95 % interval" : ""
      : "; the band is one standard error"
  }

  /// Prompts of each concept, in words.
  private var prompts: String {
    let n = means.value("success")?.sample(of: "prompts") ?? "0 prompts"
    guard !concepts.isEmpty else { return n }
    let each = concepts.map { "\($0.rows.value("success")?.size ?? "0") \($0.name)" }
    return "\(n) (\(each.joined(separator: ", ")))"
  }

  private var table: Table {
    .pivot(
      all, "Curve",
      note:
        results.notes.joined(separator: " ")
        + (isAlone
          ? " One fine-tuning, \(prompts); in brackets the 95 % interval of a share."
          : " Mean ± standard error over \(seeds) fine-tunings, \(prompts) each.")
        + " Losses are measured on pictures that were not part of the fine-tuning."
        + results.rows.judged("success"),
      corner: [""],
      down: { row in
        let title = Self.measures.first { $0.0 == row.metric }?.1 ?? Self.measures[0].1
        let own =
          row.axes.among != nil
          ? ", \(row.subject)"
          : !concepts.isEmpty && title == Self.measures[0].1 ? ", all (pooled)" : ""
        return ["\(row.axes.trainedOn?.rawValue ?? ""): \(title)\(own)"]
      },
      across: steps.map { step in
        .text(step.counted("step")) { rows in
          rows.first { $0.axes.step == step }.map {
            $0.measured.text(digits: $0.measured.unit == .share ? 1 : 4, hasUnit: true)
          }
        }
      } + [.text("area under the curve") { $0.value("area")?.plain(digits: 3) }])
  }
}

extension [ResultRow] {
  /// The share of the prompts that show the concept after some steps, over all fine-tunings.
  fileprivate func success(_ set: TuningSet, _ step: Int?) -> MeasuredValue? {
    MeasuredValue.repeated(
      filter { $0.axes.trainedOn == set && $0.axes.step == step }.of("success"))
  }
}

extension MeasuredValue {
  /// The share with its interval and its count, e.g. `50 % [19, 81] of 6 prompts`.
  fileprivate var ofPrompts: String {
    "\(text(digits: 0, hasUnit: true)) of \(sample(of: "prompts"))"
  }
}
