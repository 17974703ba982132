package import Evaluation
package import Foundation
internal import Torch

/// The page of one erasure: measurements, pictures before and after, and the curves of the training.
package struct RunPage {
  /// The forgotten concepts.
  package var concept = ""
  package var subtitle = ""
  /// The run's measurements. It is nil before `lethe evaluate`.
  package var results: Results?
  /// The folder with the sample sets `original` and `erased`.
  package var folder: URL
  /// The names of the forgotten subjects.
  package var gone: Set<String> = []
  /// The styles that the model lists, which are the grids' columns. Without styles, the columns are the first
  /// pictures of each object.
  package var styles: [String] = []
  /// Curves of the training: titles, units and points.
  package var curves: [(title: String, unit: String, points: [(x: Double, y: Double)])] = []
  /// The drift beyond which the guard stops the training; nil where it watched nothing.
  package var driftLimit: Double?
  /// The judge's verdict on each picture; empty in runs of version 0.1.
  package var judged: [JudgedPicture] = []
  /// The kind of the forgotten subjects.
  package var kind = "object"
  /// Ways that bring the concept back, in sentences, from attacks and fine-tunings on this run.
  package var returns: [String] = []
  /// A sentence where nothing was preserved in the making of the eraser; nil elsewhere.
  package var unpreserved: String?
  /// The command that would measure the run, where nothing has.
  package var measuring = ""
  /// The guard's sentence where it stopped the training, and else empty.
  package var warning = ""
  package var facts: [(String, String)] = []
  /// Files beside the page.
  package var links: [(name: String, place: String)] = []
  package var commands: [String] = []
  /// The catalog with the metrics' titles and better directions.
  package var metrics = MetricCatalog.builtIn

  package init(_ folder: URL) { self.folder = folder }

  package var content: ReportContent { get throws { try named.contentOfNamed } }

  /// The page with the judges' names in the place of their places.
  private var named: RunPage {
    guard let results else { return self }
    let names = JudgeNames(results)
    var page = self
    page.results = results.withJudgeNames
    page.judged = judged.map { picture in
      var picture = picture
      picture.judge = names[picture.judge]
      return picture
    }
    page.returns = returns.map(names.inside)
    return page
  }

  private var contentOfNamed: ReportContent {
    get throws {
      var content = ReportContent()
      content.title = "Forgetting “\(concept)”"
      content.subtitle = subtitle
      if let results {
        addMetrics(results, to: &content)
      } else {
        content.notices = [
          "Not measured yet: this page tells nothing about the erasure. \(measuring)"
        ]
        if !returns.isEmpty { content.summary = "Recovery: \(returns.joined(separator: " "))" }
      }
      if let unpreserved {
        content.notices.append(
          (unpreserved.first?.uppercased() ?? "") + unpreserved.dropFirst() + ".")
      }
      content.cards = try cards()
      content.grids = try grids
      content.charts = curves.filter { $0.points.count > 1 }.map { curve in
        var chart = Chart.smoothed(
          curve.title, xLabel: "step of the training", yLabel: curve.unit, curve.points)
        if let driftLimit, curve.unit == "drift" {
          chart.lines = [.init("", curve.points.map { .init($0.x, $0.y) })]
          chart.limit = ("the guard's limit", driftLimit)
        }
        return chart
      }
      content.warning = [content.warning, warning].filter { !$0.isEmpty }.joined(separator: " ")
      (content.facts, content.commands, content.links) = (facts, commands, links)
      return content
    }
  }

  /// A measure of the page's table.
  private struct Listed {
    var name: String
    var title: String
    var better: Better
    var unit: MeasuredValue.Unit

    static func unrecognised(_ results: Results) -> Listed {
      let judge = results.judges(of: "unrecognised").first ?? nil
      return Listed(
        name: "unrecognised",
        title: results.isHeldToOriginal(judge)
          ? "Pictures of other subjects unlike every picture of the original"
          : "Pictures unlike every real one", better: .lower, unit: .share)
    }
  }

  private func addMetrics(_ results: Results, to content: inout ReportContent) {
    var others: [ReportContent.MetricRow] = []
    let kinds = results.rows.pooled.groupsOfKinds
    // The concepts of one kind together, and each of them.
    let groups = kinds.flatMap { kind in
      let concepts = results.rows.concepts(of: kind)
      let name = kind.first?.subject ?? ""
      return [(name: concepts.isEmpty ? name : "\(name) (pooled)", rows: kind)] + concepts
    }
    // A judge's abstention is measured beside the catalog's metrics.
    let listed =
      metrics.all.map { Listed(name: $0.name, title: $0.title, better: $0.better, unit: $0.unit) }
      + [Listed.unrecognised(results)]
    for (metric, (name, group)) in listed.flatMap({ metric in groups.map { (metric, $0) } }) {
      guard let before = group.filter({ $0.method == "original" }).value(metric.name),
        let after = group.filter({ $0.method != "original" }).value(metric.name)
      else { continue }
      let isBetter = (after.value > before.value) == (metric.better == .higher)
      let change = ChangeInterval(
        of: metric.name, after, from: before, in: group.filter { $0.method != "original" })
      let isApart =
        change.map { !$0.holdsZero }
        ?? after.interval.flatMap { a in before.interval.map(a.isApart) } ?? false
      let worse = Definitions.ofForgotten.contains(metric.name) ? "bad" : "hurt"
      let row = ReportContent.MetricRow(
        title: metric.title + (groups.count > 1 ? ", \(name)" : ""),
        name: metric.name, direction: metric.better == .higher ? "↑" : "↓",
        original: before.text(hasUnit: true), erased: after.text(hasUnit: true),
        delta: after.difference(to: before) + (metric.unit == .share ? " points" : "")
          + (change.map {
            String(format: " [%.1f, %.1f] ", 100 * $0.interval.lower, 100 * $0.interval.upper)
              + $0.rule
          } ?? ""),
        n: after.size, verdict: isApart ? (isBetter ? "good" : worse) : "even")
      if Definitions.main.contains(metric.name) {
        content.metrics.append(row)
      } else {
        others.append(row)
      }
    }
    if !others.isEmpty {
      var folded = Table.list(
        others, "Other measures",
        corner: [("metric", { "\($0.title) (\($0.name) \($0.direction))" })],
        across: [
          ("original", { .init($0.original) }), ("erased", { .init($0.erased) }),
          ("change", { .init($0.delta) }), ("n", { .init($0.n) }),
        ])
      folded.isFolded = true
      content.tables.append(folded)
    }
    let verdict = RunVerdict(results)
    content.verdict = (
      (verdict.lines + [otherErased].compactMap(\.self)).joined(separator: "\n"), verdict.state
    )
    content.summary =
      returns.isEmpty
      ? "Recovery: not tried; `lethe attack` and `lethe relearn` try."
      : "Recovery: \(returns.joined(separator: " "))"
    content.notices += verdict.warnings
    let judge = results.rows.compactMap(\.axes.judge).first
    content.figures = groups.map { name, group in
      .init(
        "Before and after" + (groups.count > 1 ? ": \(name)" : ""),
        note: "Dots are measured values, lines their 95 % intervals.",
        DotPlot.methods(
          group.filter { $0.axes.distance == nil && $0.axes.judge == judge },
          Definitions.plotted, metrics
        ).svg)
    }
    content.definitions = Definitions.of(results)
    content.metricNote =
      "\(RunVerdict.rule) \(groups.count > 1 ? "\(RunVerdict.ruleOfConcepts) " : "")\(RunVerdict.ruleOfOthers) \(Definitions.intervals(results.rows) ?? "") They are in brackets. n counts pictures; "
      + "where it names prompts, the interval counts those, as pictures of one prompt are alike. A change has the interval of the pairs of pictures, of the same prompts and seeds, where the judge gives it (paired), as the verdict has; other changes of shares have Newcombe's of two samples, and means of probabilities the same rule for two means. It has a colour where its interval does not hold 0, and without an interval where those of the two values do not overlap. \(results.drawing). "
      + results.notes.joined(separator: " ")
    if let broken = results.rows.filter({ $0.method != "original" }).value("not-finite") {
      content.warning =
        "\(broken.plain(digits: 0)) of \(broken.n.counted("picture")) of the erased model have no finite numbers. They are shown "
        + "grey and not judged. "
    }
    content.isQuick = results.quick
    if results.quick {
      content.warning +=
        "A quick run: it has few pictures and wide intervals. Quote a full run instead."
    }
  }
}
