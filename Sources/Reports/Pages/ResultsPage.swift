public import Evaluation
package import Foundation
internal import Torch

/// The page of a command's results. It is made of `results.json` and of the pictures that it names, and of nothing
/// else.
public enum ResultsPage {
  /// The page that belongs to the kind of the results.
  /// - Parameters:
  ///   - folder: the folder of the results, which the pictures' files are relative to
  ///   - metrics: the catalog with the metrics' order and better directions
  /// - Throws: an error for a picture that cannot be read
  package static func content(
    of results: Results, in folder: URL, metrics: MetricCatalog = .builtIn
  ) throws -> ReportContent {
    var content =
      switch results.kind ?? .evaluation {
      case .evaluation, .audit: evaluation(results, metrics)
      case .releaseAudit: try AuditPage(results, folder).content
      case .attack: try AttackPage(results, folder).content
      case .relearning: RelearningPage(results).content
      case .benchMethods: evaluation(results, metrics)
      case .benchForgetting: try ForgettingPage(results, folder).content
      case .benchRobustness: try RobustnessPage(results, folder).content
      case .benchRelearning: RelearningBenchmarkPage(results).content
      case .benchSeparability: try SeparabilityPage(results, folder).content
      }
    content.tables = content.tables.map { $0.marks.isEmpty ? $0.marked(by: results) : $0 }
    if results.quick {
      content.warning =
        "A quick run: it has few pictures and wide intervals. Quote a full run instead."
    }
    content.commands = [results.command.joined(separator: " ")].filter { !$0.isEmpty }
    return content
  }

  /// Metrics by subject and method, with intervals.
  public static func metrics(
    _ results: Results, _ title: String = "Measured", _ catalog: MetricCatalog = .builtIn
  ) -> Table {
    let names = results.rows.map(\.metric).unique
    let listed = catalog.names.filter(names.contains)
    let others = names.filter { !listed.contains($0) }
    return .pivot(
      results.rows, title, corner: ["subject", "method"], down: { [$0.subject, $0.label] },
      across: (listed + others).map { .metric($0, title: catalog.heading($0), hasUnit: true) }
        + [.text("n") { $0.map(\.n).unique.sorted().map(String.init).joined(separator: "/") }]
    ).marked(by: results)
  }

  private static func evaluation(_ results: Results, _ catalog: MetricCatalog) -> ReportContent {
    var content = ReportContent()
    content.title = "Methods side by side"
    content.subtitle = results.rows.map(\.subject).unique.joined(separator: ", ")
    content.tables = [metrics(results, "Measured", catalog)]
    return content
  }
}

extension ResultPicture {
  /// A cell of a gallery.
  func cell(in folder: URL, state: String) throws -> (picture: Data, caption: String, state: String)
  {
    let results = folder.appendingPathComponent("results.json")
    let place = try folder.inside(file, "the file of a picture", of: results, isNested: true)
    return (try ReportContent.picture(in: place), caption, state)
  }

  /// A cell of a gallery, with a red frame where the judge sees the concept.
  func attackedCell(in folder: URL) throws -> (picture: Data, caption: String, state: String) {
    try cell(in: folder, state: showsConcept == true ? "forgotten" : "")
  }
}
