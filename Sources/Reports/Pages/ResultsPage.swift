package import Evaluation
package import Foundation

/// The page of a command's results, made of `results.json` and the pictures that it names, and of nothing else.
package enum ResultsPage {
  /// - Parameter folder: the folder of the results, which the files of their pictures are relative to
  /// - Throws: an error for a picture that cannot be read
  package static func content(of results: Results, in folder: URL) throws -> ReportContent {
    var content =
      switch results.kind ?? .evaluation {
      case .evaluation, .audit: evaluation(results)
      case .attack: try AttackPage(results, folder).content
      case .relearning: RelearningPage(results).content
      case .benchMethods: evaluation(results)
      case .benchForgetting: try ForgettingPage(results, folder).content
      case .benchRobustness: try RobustnessPage(results, folder).content
      case .benchRelearning: RelearningBenchmarkPage(results).content
      case .benchSeparability: try SeparabilityPage(results, folder).content
      }
    if results.quick {
      content.warning = "A quick run: few pictures, wide intervals. For looking, not for quoting."
    }
    content.commands = [results.command.joined(separator: " ")].filter { !$0.isEmpty }
    return content
  }

  /// Metrics by subject and method, with intervals.
  package static func metrics(_ results: Results, _ title: String = "Measured") -> Table {
    let names = results.rows.map(\.metric).unique
    let listed = Metrics.all.map { $0.name }.filter(names.contains)
    let others = names.filter { !listed.contains($0) }
    return .pivot(
      results.rows, title, corner: ["subject", "method"], down: { [$0.subject, $0.label] },
      across: (listed + others).map { .metric($0, hasUnit: true) }
        + [.text("n") { $0.map(\.n).unique.sorted().map(String.init).joined(separator: "/") }])
  }

  private static func evaluation(_ results: Results) -> ReportContent {
    var content = ReportContent()
    content.title = "Methods side by side"
    content.subtitle = results.rows.map(\.subject).unique.joined(separator: ", ")
    content.tables = [metrics(results)]
    return content
  }
}

extension ResultPicture {
  /// A cell of a gallery.
  func cell(in folder: URL, state: String) throws -> (picture: Data, caption: String, state: String)
  {
    (try Data(contentsOf: folder.appendingPathComponent(file)), caption, state)
  }

  /// Red where the judge sees the concept again.
  func attackedCell(in folder: URL) throws -> (picture: Data, caption: String, state: String) {
    try cell(in: folder, state: showsConcept == true ? "forgotten" : "")
  }
}
