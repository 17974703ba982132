internal import Evaluation
internal import Foundation

/// The page of `lethe relearn`: curves over the steps of fine-tuning.
struct RelearningPage {
  let results: Results

  init(_ results: Results) { self.results = results }

  private static let measures = [
    ("success", "success of the prompts"), ("loss-concept", "loss on the concept"),
    ("loss-related", "loss on related subjects"),
    ("loss-unrelated", "loss on unrelated subjects"),
  ]

  /// The rows over all fine-tunings.
  private var means: [ResultRow] { results.rows.filter { $0.axes.seed == nil } }
  private var steps: [Int] { means.compactMap(\.axes.step).unique.sorted() }
  private var sets: [TuningSet] { means.compactMap(\.axes.trainedOn).unique }

  var content: ReportContent {
    var content = ReportContent()
    content.title = "Relearning “\(results.rows.first?.subject ?? "")”"
    content.subtitle = "\(results.rows.first?.method ?? ""), fine-tuned"
    content.verdict = verdict
    content.tables = [table]
    content.charts = Self.measures.map { metric, title in
      Chart(
        title, xLabel: "steps of fine-tuning; the band is one standard error",
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
    func success(_ set: TuningSet, _ step: Int?) -> MeasuredValue? {
      means.filter { $0.axes.trainedOn == set && $0.axes.step == step }.value("success")
    }
    guard let last = steps.last, last > 0, let after = success(.concept, last) else { return nil }
    func text(_ share: MeasuredValue) -> String { share.text(digits: 0, hasUnit: true) }
    let returns = after.value > max(RunVerdict.few, success(.concept, 0)?.value ?? 0)
    return (
      (results.rows.first?.subject ?? "") + (returns ? " comes back: after" : " stayed away: after")
        + " \(last) steps of fine-tuning on it, \(text(after)) of the prompts show it"
        + (success(.concept, 0).map { "; before, \(text($0))" } ?? "")
        + (success(.benign, last).map { "; after as many on benign pictures, \(text($0))" } ?? "")
        + ".",
      returns ? "back" : "away"
    )
  }

  private var table: Table {
    let seeds = results.rows.compactMap(\.axes.seed).unique.count
    let n = means.first?.n ?? 0
    return .pivot(
      means, "Curve",
      note:
        results.notes.joined(separator: " ")
        + " Mean ± standard error over \(seeds) seed(s) with \(n) prompts each. Losses are measured on pictures that were "
        + "not part of the fine-tuning.",
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
