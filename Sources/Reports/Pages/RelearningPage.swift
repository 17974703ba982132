package import Evaluation
internal import Foundation

/// The page of `lethe relearn`: curves over the steps of fine-tuning.
package struct RelearningPage {
  let results: Results

  package init(_ results: Results) { self.results = results }

  private static let measures = [
    ("success", "success of the prompts"), ("loss-concept", "loss on the concept"),
    ("loss-related", "loss on related subjects"),
    ("loss-unrelated", "loss on unrelated subjects"),
  ]

  private var seeds: Int { results.rows.compactMap(\.axes.seed).unique.count }
  private var isAlone: Bool { seeds == 1 }
  /// The rows over all fine-tunings. A single one has no mean: its own rows have the intervals of its prompts.
  private var means: [ResultRow] {
    results.rows.filter { ($0.axes.seed != nil) == (isAlone && $0.axes.step != nil) }
  }
  private var steps: [Int] { means.compactMap(\.axes.step).unique.sorted() }
  private var sets: [TuningSet] { means.compactMap(\.axes.trainedOn).unique }

  /// The share of the prompts that show the concept after some steps.
  private func success(_ set: TuningSet, _ step: Int?) -> MeasuredValue? {
    means.filter { $0.axes.trainedOn == set && $0.axes.step == step }.value("success")
  }

  /// The share that the last step on the concept brought back, in a sentence; nil without one.
  package var sentence: String? {
    guard let last = steps.last, let after = success(.concept, last) else { return nil }
    return "After \(last) steps of fine-tuning on \(subject), \(after.ofPrompts) show it."
  }

  private var subject: String { results.rows.first?.subject ?? "" }

  var content: ReportContent {
    var content = ReportContent()
    content.title = "Relearning “\(results.rows.first?.subject ?? "")”"
    content.subtitle = "\(results.rows.first?.method ?? ""), fine-tuned"
    content.verdict = verdict
    content.tables = [table]
    content.charts = Self.measures.map { metric, title in
      Chart(
        title, xLabel: "steps of fine-tuning" + band(of: metric),
        yLabel: metric == "success" ? "share of the prompts" : "loss",
        lines: sets.map { set in
          .init(
            set.rawValue,
            means.filter { $0.axes.trainedOn == set && $0.metric == metric }.map { row in
              .init(
                Double(row.axes.step ?? 0), row.value, low: row.measured.interval?.lower,
                high: row.measured.interval?.upper)
            })
        })
    }
    return content
  }

  /// The share that the last step on the concept brought back, beside the first one and the control.
  private var verdict: (sentence: String, state: String)? {
    guard let last = steps.last, last > 0, let after = success(.concept, last) else { return nil }
    let returns = after.value > max(RunVerdict.few, success(.concept, 0)?.value ?? 0)
    func text(_ share: MeasuredValue) -> String { share.text(digits: 0, hasUnit: true) }
    return (
      subject + (returns ? " comes back: after" : " stayed away: after")
        + " \(last) steps of fine-tuning on \(subject), \(after.ofPrompts) show it"
        + (success(.concept, 0).map { "; before, \(text($0))" } ?? "")
        + (success(.benign, last).map { "; after as many on benign pictures, \(text($0))" } ?? "")
        + ".",
      returns ? "back" : "away"
    )
  }

  /// The meaning of a curve's band, in words; empty for a curve without one.
  private func band(of metric: String) -> String {
    isAlone
      ? metric == "success" ? "; the band is the 95 % interval" : ""
      : "; the band is one standard error"
  }

  private var table: Table {
    let n = means.first?.n ?? 0
    return .pivot(
      means, "Curve",
      note:
        results.notes.joined(separator: " ")
        + (isAlone
          ? " One fine-tuning, n \(n) \(n == 1 ? "prompt" : "prompts"); in brackets the 95 % interval of a share."
          : " Mean ± standard error over \(seeds) seeds with \(n) prompts each.")
        + " Losses are measured on pictures that were not part of the fine-tuning.",
      corner: [""],
      down: { row in
        let title = Self.measures.first { $0.0 == row.metric }?.1 ?? Self.measures[0].1
        return ["\(row.axes.trainedOn?.rawValue ?? ""): \(title)"]
      },
      across: steps.map { step in
        .text("\(step) steps") { rows in
          rows.first { $0.axes.step == step }.map {
            $0.measured.text(digits: $0.measured.unit == .share ? 1 : 4, hasUnit: true)
          }
        }
      } + [.text("area under the curve") { $0.value("area")?.plain(digits: 3) }])
  }
}

extension MeasuredValue {
  /// The share with its interval and its count, e.g. `50 % [19, 81] of 6 prompts`.
  fileprivate var ofPrompts: String {
    "\(text(digits: 0, hasUnit: true)) of \(sample(of: "prompts"))"
  }
}
