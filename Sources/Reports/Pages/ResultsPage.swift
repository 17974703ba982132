package import Evaluation
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
      case .releaseAudit: try AuditPage(results, folder).content
      case .attack: try AttackPage(results, folder).content
      case .relearning: RelearningPage(results).content
      case .benchForgetting: try ForgettingPage(results, folder).content
      case .benchRobustness: try RobustnessPage(results, folder).content
      case .benchRelearning: RelearningBenchmarkPage(results).content
      case .benchSeparability: try SeparabilityPage(results, folder).content
      default: MethodsPage(results, metrics).content
      }
    content.tables =
      content.tables.map { $0.marks.isEmpty ? $0.marked(by: results) : $0 }
      .sayingMarksOnce
    switch results.kind ?? .evaluation {
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
    content.facts += Self.facts(results).map { ($0.title, $0.value) }
    if content.definitions.isEmpty {
      content.definitions = Definitions.of(results)
    }
    content.definitions += [Definitions.intervals(results.rows)].compactMap(\.self)
    return content
  }

  /// A fact on the origin of results.
  package struct Fact: Sendable, Hashable {
    /// The thing that the fact is about.
    package enum Topic: Sendable, Hashable {
      case program, machine, date, seed, model, eraser, pictures
      case judge(String)
      /// Settings, by their source.
      case settings(String)
    }
    package var topic: Topic
    package var value: String

    package init(_ topic: Topic, _ value: String) { (self.topic, self.value) = (topic, value) }

    /// The fact's name on a page.
    package var title: String {
      switch topic {
      case .program: "Made with"
      case .machine: "Machine"
      case .date: "Date"
      case .seed: "Seed"
      case .model: "Model"
      case .eraser: "Eraser"
      case .pictures: "Pictures"
      case .judge(let name): "Judge \(name)"
      case .settings(let source): "Settings (\(source))"
      }
    }
  }

  /// The origin of results.
  package static func facts(_ results: Results) -> [Fact] {
    guard let origin = results.withJudgeNames.origin else { return [] }
    var facts = [
      Fact(
        .program,
        [
          "lethe \(origin.lethe)", "libtorch \(origin.libtorch)", origin.device,
          origin.threads.map { $0.counted("thread") },
        ].compactMap(\.self).joined(separator: ", ")),
      Fact(.machine, origin.machine),
      Fact(.date, origin.date),
    ]
    if let seed = origin.seed { facts.append(Fact(.seed, "\(seed)")) }
    if let model = origin.model { facts.append(Fact(.model, "SHA-256 \(model)")) }
    if let eraser = origin.eraser { facts.append(Fact(.eraser, "SHA-256 \(eraser)")) }
    for (judge, hash) in origin.judges.sorted(by: { $0.key < $1.key }) {
      facts.append(Fact(.judge(judge), hash.isEmpty ? "without files" : "SHA-256 \(hash)"))
    }
    facts.append(
      Fact(.pictures, results.drawing + (pictures(results).map { "; \($0)" } ?? "")))
    // A benchmark has many methods: its page leaves their defaults to `results.json`.
    return facts
      + settings(origin.settings.filter { origin.erasers == nil || $0.source != "default" })
  }

  /// Pictures of a prompt, in words; nil where commands have other counts, which their own tables name.
  static func pictures(_ results: Results) -> String? {
    switch results.kind ?? .evaluation {
    case .evaluation, .comparison, .benchMethods, .releaseAudit:
      results.seeds == 1
        ? "1 of a prompt" : "\(results.seeds) of a prompt for the concept, 1 of others"
    case .audit: "\(results.seeds) of a prompt"
    default: nil
    }
  }

  /// The settings as one value for each source. An attack without options has an empty object, which sets nothing.
  package static func settings(_ all: [OptionSource]) -> [Fact] {
    let settings = all.filter { $0.value != .object([:]) }
    return settings.map(\.source).unique.map { source in
      Fact(
        .settings(source),
        settings.filter { $0.source == source }.map { "\($0.key)=\($0.value.compact)" }.joined(
          separator: " "))
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
