// Tables of measures by subject and method, for pages, Markdown and the terminal.
public import Evaluation

extension ResultsPage {
  /// Metrics by subject and method, with intervals.
  public static func metrics(
    _ results: Results, _ title: String = "Measured", _ catalog: MetricCatalog = .builtIn
  ) -> Table {
    table(of: results.rows.ofEvaluation.map(\.metric).unique, results, title, catalog)
  }

  private static func table(
    of names: [String], _ results: Results, _ title: String, _ catalog: MetricCatalog
  ) -> Table {
    let listed = catalog.names.filter(names.contains)
    let others = names.filter { !listed.contains($0) }
    // The answers of different judges are different rows, those on the original too.
    let all = results.rows.ofEvaluation
    let hasSeveral = all.compactMap(\.axes.judge).unique.count > 1
    func method(_ row: ResultRow) -> String {
      row.label.description + (hasSeveral ? row.axes.judge.map { " (\($0))" } ?? "" : "")
    }
    let split = Set(all.compactMap(\.axes.among))
    func subject(_ row: ResultRow) -> String {
      row.subject + (row.axes.among == nil && split.contains(row.subject) ? " (pooled)" : "")
    }
    return .pivot(
      all, title, corner: ["subject", "method"], down: { [subject($0), method($0)] },
      namesMethods: true,
      across: (listed + others).flatMap { columns(of: $0, all, catalog.heading($0)) }
        + [.text("n") { rows in samples(rows, of: listed + others) }]
    ).marked(by: results)
  }

  /// The column of a measure; of a measure of pictures one for each network and version, which their titles name.
  private static func columns(
    of metric: String, _ rows: [ResultRow], _ title: String
  ) -> [Table.Column] {
    // Answers of several judges are rows of their own.
    guard MeasuredPictures(named: metric) != nil else {
      return [.metric(metric, title: title, hasUnit: true)]
    }
    return rows.profiles(of: metric).map { profile in
      let network = profile.map { " (\($0.text(beside: metric)))" } ?? ""
      return .metric(
        metric, title: title + network, hasUnit: true, where: { $0.axes.profile == profile })
    }
  }

  /// The sample sizes of measures: `15`, or each with its measures: `15 of 5 prompts (ua), 40 (ira, cra)`.
  private static func samples(_ rows: [ResultRow], of metrics: [String]) -> String {
    let known = metrics.flatMap { metric in
      rows.filter { $0.metric == metric }.map { (metric: metric, size: $0.measured.size) }
    }
    let sizes = known.map(\.size).unique
    guard sizes.count > 1 else { return sizes.first ?? "" }
    return sizes.map { size in
      let own = known.filter { $0.size == size }.map(\.metric).unique
      return "\(size) (\(own.joined(separator: ", ")))"
    }.joined(separator: ", ")
  }

  /// The measures that matter most, of ``metrics(_:_:_:)``; all of them where none of those was measured.
  public static func main(_ results: Results, _ catalog: MetricCatalog = .builtIn) -> Table {
    let names = results.rows.ofEvaluation.map(\.metric).unique
    let main = Definitions.main.filter(names.contains)
    return table(of: main.isEmpty ? names : main, results, "Measured", catalog)
  }

  /// The line below the printed ``main(_:_:)``.
  package static func legend(_ results: Results, _ catalog: MetricCatalog) -> String {
    let header = main(results, catalog).header
    let shown = results.rows.ofEvaluation.map(\.metric).unique.filter {
      header.contains(catalog.heading($0))
    }
    return Definitions.legend(shown, results)
  }
}
