internal import Evaluation
internal import Foundation
internal import Torch

/// The page of `lethe bench forgetting`: every method beside a model that was retrained without the class.
struct ForgettingPage {
  let results: Results
  let folder: URL

  init(_ results: Results, _ folder: URL) { (self.results, self.folder) = (results, folder) }

  /// The label of the retrained model; nil where there is none. Older results do not name it.
  private var reference: String? {
    results.baselines.values.first?.method ?? methods.first { $0 == "retrain" }
  }
  private static let columns: [(name: String, title: String)] = [
    ("ua", "UA ↑"), ("ira", "IRA ↑"), ("p-forgotten", "p forgotten"),
    ("h-forgotten", "H forgotten"), ("p-kept", "p kept ↑"), ("h-kept", "H kept"),
    ("frechet", "Frechet ↓"), ("precision", "precision ↑"), ("recall", "recall ↑"),
    ("mia", "MIA AUC"),
  ]
  /// Metrics between 0 and 1, over which the distance to the retrained model is averaged.
  private static let shares = ["ua", "ira", "p-forgotten", "p-kept", "precision", "recall", "mia"]

  /// The rows of single repetitions.
  private var alone: [ResultRow] {
    results.rows.filter { $0.axes.seed != nil && $0.axes.step == nil }
  }
  /// The rows within the first training of a method.
  private var within: [ResultRow] { results.rows.filter { $0.axes.step != nil } }
  var methods: [String] { alone.map(\.method).unique }
  private func title(_ method: String) -> String { results.titles[method] ?? method }
  private var concept: String { alone.first?.subject ?? "" }

  // MARK: - Numbers

  /// The mean over repetitions, with the interval of the results.
  func mean(_ method: String, _ metric: String) -> MeasuredValue? {
    results.rows.filter { $0.method == method && $0.axes.seed == nil }.value(metric)
  }

  /// Mean absolute difference to the retrained model over ``shares``. It is nil without a retrained model.
  func gap(_ method: String) -> Double? {
    let differences = Self.shares.compactMap { metric -> Double? in
      guard let reference, let own = mean(method, metric), let gold = mean(reference, metric)
      else { return nil }
      return abs(own.value - gold.value)
    }
    return method == reference || differences.isEmpty ? nil : differences.mean
  }

  /// The method nearest to the retrained model among those with a UA of at least 0.95.
  var nearest: String? {
    methods.filter { method in
      method != "original" && (mean(method, "ua")?.value ?? 0) >= 0.95 && gap(method) != nil
    }.min { (gap($0) ?? 1) < (gap($1) ?? 1) }
  }

  // MARK: - Page

  var content: ReportContent {
    get throws {
      var content = ReportContent()
      content.title = "Forgetting “\(concept)”"
      content.subtitle = "Every method beside a model that was retrained without the class"
      if !verdict.isEmpty { content.verdict = (verdict, "even") }
      content.figures = [
        .init(
          "Forgotten against kept",
          note: "Over all repetitions. A good method is at the upper right.",
          Scatter.forgottenAgainstKept(alone.filter { $0.method != "original" }).svg)
      ]
      content.tables =
        [measured] + (reference == nil ? [] : [differences]) + (within.isEmpty ? [] : [along])
      if !within.isEmpty { content.charts = [chart] }
      content.galleries = [try gallery]
      return content
    }
  }

  private var measured: Table {
    let nearest = nearest
    func column(_ title: String, _ text: @escaping (String) -> String?) -> Table.Column {
      Table.Column(title) { rows in
        guard let method = rows.first?.method else { return .init("") }
        return .init(text(method) ?? "", method == nearest ? .good : .even)
      }
    }
    return .pivot(
      alone, "Measured", note: note, corner: ["method"], down: { [title($0.method)] },
      namesMethods: true,
      across: Self.columns.map { metric in
        column(metric.title) { mean($0, metric.name)?.text() }
      } + [
        column("distance to retrained") { gap($0).map { String(format: "%.3f", $0) } },
        column("cost: time, steps, peak memory", cost),
      ])
  }

  private var steps: [Int] { within.compactMap(\.axes.step).unique.sorted() }

  private var along: Table {
    .pivot(
      within, "Along the training",
      note:
        "UA / IRA in % after so many steps of the first training of each method; 0 is the original, and the last is the step whose "
        + "weights were kept. Weights within a training are not "
        + "those that a shorter one ends with, where the rate falls towards the end.",
      corner: ["method"], down: { [title($0.method)] }, namesMethods: true,
      across: steps.map { step in
        .text(step.counted("step")) { rows in
          let here = rows.filter { $0.axes.step == step }
          guard let ua = here.value("ua"), let ira = here.value("ira") else { return nil }
          return "\(ua.plain()) / \(ira.plain())"
        }
      })
  }

  private var chart: Chart {
    Chart(
      "UA against IRA along the training",
      xLabel: "UA; a line follows its training; 95 % intervals: bands of IRA, level bars of UA",
      yLabel: "IRA",
      lines: within.map(\.method).unique.map { method in
        let own = within.filter { $0.method == method }
        return .init(
          title(method),
          steps.compactMap { step in
            let here = own.filter { $0.axes.step == step }
            guard let ua = here.value("ua"), let ira = here.value("ira") else { return nil }
            return .init(
              ua.value, ira.value, low: ira.interval?.lower, high: ira.interval?.upper,
              left: ua.interval?.lower, right: ua.interval?.upper)
          })
      })
  }

  private func cost(_ method: String) -> String {
    let own = alone.filter { $0.method == method }
    guard let seconds = own.over("erase-seconds"), let steps = own.over("erase-steps") else {
      return ""
    }
    let peak = own.of("peak-memory").map(\.value).max() ?? 0
    return String(format: "%.0f s, %.0f, %.0f MB", seconds.value, steps.value, peak / 1e6)
  }

  private var differences: Table {
    .pivot(
      alone, "Differences to the retrained model", corner: ["method"],
      down: { $0.method == reference ? nil : [title($0.method)] }, namesMethods: true,
      across: Self.columns.map { column in
        .text(column.title) { rows in
          guard let reference, let method = rows.first?.method,
            let own = mean(method, column.name), let gold = mean(reference, column.name)
          else { return nil }
          return own.difference(to: gold)
        }
      })
  }

  private var note: String {
    func repetitions(_ isGold: Bool) -> Int {
      alone.filter { ($0.method == reference) == isGold }.compactMap(\.axes.seed).unique.count
    }
    let n = alone.value("ua")?.n ?? 0
    let kept = alone.value("ira")?.n ?? 0
    return
      "Mean over \(repetitions(false).counted("seed")) of training and pictures, with its 95 % interval (Student's t; of a single "
      + "seed that over its pictures); the retrained model has \(repetitions(true).counted("seed")). A seed has \(n.counted("picture")) of the "
      + "forgotten class and \(kept) of the others. UA, IRA, p, precision and recall are in %, H is in nats. MIA AUC is the area under the ROC curve of the loss-threshold "
      + "membership attack; 0.5 is chance. Distance to retrained is the mean absolute difference to the retrained model "
      + "over UA, IRA, both p, precision, recall and AUC."
  }

  private var verdict: String {
    guard let nearest, let gap = gap(nearest) else { return "" }
    return
      "Nearest to the retrained model among the methods with a UA of at least 95 %: \(nearest), at "
      + String(format: "%.3f.", gap)
  }

  private var gallery: ReportContent.Gallery {
    get throws {
      func pictures(_ method: String) -> [ResultPicture] {
        results.pictures.filter { $0.method == method }
      }
      // Older results have the original's pictures once for each method.
      let columns = methods.filter { $0 != "original" }.map { pictures($0).count }.max() ?? 0
      return .init(
        "The same seeds under every method",
        note:
          "Dark row heads are methods. The first pictures are asked for with the forgotten class (\(concept)).",
        columns: pictures("original").prefix(columns).map(\.prompt),
        rows: try methods.map { method in
          (
            title(method),
            try pictures(method).prefix(columns).map {
              try $0.cell(in: folder, state: "")
            }
          )
        })
    }
  }
}
