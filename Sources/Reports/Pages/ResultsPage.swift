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
    let (tested, development) = results.withJudgeNames.counted
    var content = try content(ofTested: tested, in: folder, metrics: metrics)
    if let development {
      let apart = try Self.content(ofTested: development, in: folder, metrics: metrics).tables
      content.tables += apart.filter { !$0.rows.isEmpty }.map { table in
        var table = table
        table.title = "Development concepts: \(table.title)"
        return table
      }
      content.notices.append(
        "\(development.rows.map(\.subject).unique.joined(separator: ", ")): the model's settings were chosen on these development concepts. Their numbers are in tables of their own and in no mean; --development counts them."
      )
    } else if case let own = results.rows.map(\.subject).unique.filter(results.isDevelopment),
      !own.isEmpty
    {
      content.notices.append(
        "\(own.joined(separator: ", ")): the model's settings were chosen on these development concepts, so that the numbers are no test of the settings."
      )
    }
    if content.links.isEmpty { content.links = [("results.json", "results.json")] }
    return content
  }

  private static func content(
    ofTested results: Results, in folder: URL, metrics: MetricCatalog
  ) throws -> ReportContent {
    var content =
      switch results.kind ?? .evaluation {
      case .evaluation, .audit: evaluation(results, metrics)
      case .releaseAudit: try AuditPage(results, folder).content
      case .attack: try AttackPage(results, folder).content
      case .relearning: RelearningPage(results).content
      case .benchMethods, .comparison: evaluation(results, metrics)
      case .benchForgetting: try ForgettingPage(results, folder).content
      case .benchRobustness: try RobustnessPage(results, folder).content
      case .benchRelearning: RelearningBenchmarkPage(results).content
      case .benchSeparability: try SeparabilityPage(results, folder).content
      }
    content.tables = content.tables.map { $0.marks.isEmpty ? $0.marked(by: results) : $0 }
    switch results.kind {
    case .comparison, .benchMethods, .benchForgetting, .benchRobustness, .benchRelearning:
      content.notices += results.notes
    default: break  // their pages have a place for them
    }
    content.isQuick = results.quick
    if results.unfinished > 0 {
      content.notices.insert(
        "Still going: \(results.unfinished) trials are not finished, and the numbers are those of the others.",
        at: 0)
    }
    if results.quick {
      content.warning =
        "A quick run: it has few pictures and wide intervals. Quote a full run instead."
    }
    content.commands =
      (results.making + [results.command.shellCommand])
      .filter { !$0.isEmpty }.unique
    content.facts += Self.facts(results)
    if content.definitions.isEmpty {
      content.definitions = Definitions.of(results.rows.map(\.metric).unique)
    }
    content.definitions += [Definitions.intervals(results.rows)].compactMap(\.self)
    return content
  }

  /// Metrics by subject and method, with intervals.
  public static func metrics(
    _ results: Results, _ title: String = "Measured", _ catalog: MetricCatalog = .builtIn
  ) -> Table {
    table(of: results.rows.map(\.metric).unique, results, title, catalog)
  }

  private static func table(
    of names: [String], _ results: Results, _ title: String, _ catalog: MetricCatalog
  ) -> Table {
    let listed = catalog.names.filter(names.contains)
    let others = names.filter { !listed.contains($0) }
    // The answers of different judges are different rows, those on the original too.
    let hasSeveral = results.rows.compactMap(\.axes.judge).unique.count > 1
    func method(_ row: ResultRow) -> String {
      row.label + (hasSeveral ? row.axes.judge.map { " (\($0))" } ?? "" : "")
    }
    return .pivot(
      results.rows, title, corner: ["subject", "method"], down: { [$0.subject, method($0)] },
      namesMethods: true,
      across: (listed + others).map { .metric($0, title: catalog.heading($0), hasUnit: true) }
        + [.text("n") { rows in samples(rows, of: listed + others) }]
    ).marked(by: results)
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
    let names = results.rows.map(\.metric).unique
    let main = Definitions.main.filter(names.contains)
    return table(of: main.isEmpty ? names : main, results, "Measured", catalog)
  }

  /// The line below the printed ``main(_:_:)``.
  package static func legend(_ results: Results, _ catalog: MetricCatalog = .builtIn) -> String {
    let header = main(results, catalog).header
    let shown = results.rows.map(\.metric).unique.filter { header.contains(catalog.heading($0)) }
    return Definitions.legend(shown)
  }

  private static func evaluation(_ results: Results, _ catalog: MetricCatalog) -> ReportContent {
    var content = ReportContent()
    content.title = "Methods side by side"
    content.verdict = BenchVerdict.forgetting(results)
    content.subtitle = results.rows.map(\.subject).unique.joined(separator: ", ")
    let others = results.rows.filter { $0.method != "original" }
    let subjects = others.map(\.subject).unique
    let verdicts = BenchVerdict.words(results).map { label, verdicts in
      Table.Row(
        [label],
        subjects.map { subject in
          guard let verdict = verdicts.first(where: { $0.subject == subject })?.verdict else {
            return .init("")
          }
          let colour: [String: Table.Outcome] = ["away": .good, "back": .bad]
          return .init(verdict.word.rawValue, colour[verdict.state] ?? .even)
        }, of: [.init(label)])
    }
    let all = metrics(results, "Measured", catalog)
    let main = Self.main(results, catalog)
    if !verdicts.isEmpty {
      content.tables.append(
        Table(
          "In words",
          note: RunVerdict.rule,
          header: ["method"] + subjects, rows: verdicts))
    }
    content.tables.append(main)
    if main.header.count < all.header.count {
      var folded = all
      (folded.title, folded.isFolded) = ("All measures", true)
      content.tables.append(folded)
    }
    content.figures = [
      .init(
        "Measures",
        note: "Dots are measured values, over all concepts, and lines their 95 % intervals."
          + (subjects.count > 1
            ? " The original's pictures serve several concepts, so that its means have no interval."
            : ""),
        DotPlot.methods(results.rows, Definitions.plotted, catalog).svg),
      .init(
        "Forgotten against kept", note: "A good method is at the upper right.",
        Scatter.forgottenAgainstKept(others).svg),
    ]
    return content
  }

  /// The origin of results, as names and values.
  package static func facts(_ results: Results) -> [(String, String)] {
    guard let origin = results.withJudgeNames.origin else { return [] }
    var facts = [
      ("Made with", "lethe \(origin.lethe), libtorch \(origin.libtorch)"),
      ("Machine", origin.machine),
      ("Date", origin.date),
    ]
    if let model = origin.model { facts.append(("Model", "SHA-256 \(model)")) }
    if let eraser = origin.eraser { facts.append(("Eraser", "SHA-256 \(eraser)")) }
    for (judge, hash) in origin.judges.sorted(by: { $0.key < $1.key }) {
      facts.append(("Judge \(judge)", hash.isEmpty ? "without files" : "SHA-256 \(hash)"))
    }
    facts.append(("Pictures", results.drawing + (pictures(results).map { "; \($0)" } ?? "")))
    return facts + settings(origin.settings)
  }

  /// Pictures of a prompt, in words; nil where commands have other counts, which their own tables name.
  static func pictures(_ results: Results) -> String? {
    switch results.kind ?? .evaluation {
    case .evaluation, .comparison, .benchMethods, .releaseAudit:
      results.seeds == 1
        ? "1 of a prompt" : "\(results.seeds) of a prompt for the concept, 1 of others"
    case .audit: "\(results.seeds) of a prompt"
    case .attack, .relearning, .benchForgetting, .benchRobustness, .benchRelearning,
      .benchSeparability:
      nil
    }
  }

  /// The settings as one value for each source.
  package static func settings(_ settings: [OptionSource]) -> [(String, String)] {
    settings.map(\.source).unique.map { source in
      (
        "Settings (\(source))",
        settings.filter { $0.source == source }.map { "\($0.key)=\($0.value.compact)" }.joined(
          separator: " ")
      )
    }
  }
}

extension ResultPicture {
  /// A cell of a gallery.
  func cell(in folder: URL, state: String) throws -> (picture: Data, caption: String, state: String)
  {
    let results = folder.appendingPathComponent("results.json")
    let place = try folder.inside(file, "the file of a picture", of: results, isNested: true)
    return (try ReportContent.picture(in: place), caption.printable(), state)
  }

  /// A cell of a gallery, framed by whether the judge sees the concept.
  func attackedCell(in folder: URL) throws -> (picture: Data, caption: String, state: String) {
    try cell(in: folder, state: showsConcept == true ? "back" : showsConcept == false ? "away" : "")
  }
}
