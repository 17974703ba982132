import ArgumentParser
import Attacks
import Diffusion
import Editing
import Evaluation
import Foundation
import Reports
import Torch
import Training
import Unlearning
import Workbench
import Workflows

struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract:
      "List methods, attacks, samplers, metrics, judges, suites of prompts, or a model's concepts.",
    help: """
      Examples:
        lethe list methods --verbose
        lethe list methods Models/emoji
        lethe list concepts Models/emoji
        lethe list samplers --json

      For a model's folder, methods and attacks have the options that a run on it would use, each with its source: the \
      method's default, or methods.json or attacks.json in the folder. Concepts are the objects and styles of its themes.json; development \
      concepts, on which its options were chosen, are marked. --verbose gives their meanings, as docs/guide/options.md does.
      """)

  enum Catalog: String, ExpressibleByArgument, CaseIterable {
    case methods, attacks, samplers, metrics, judges, prompts, concepts
  }

  @Argument(help: "Catalog: methods, attacks, samplers, metrics, judges, prompts or concepts.")
  var catalog: Catalog
  @Argument(
    help: "Model folder whose methods.json and attacks.json count, or whose concepts are listed.",
    completion: .directory)
  var model: String?
  @Flag(
    name: .shortAndLong,
    help:
      "Details: every option of methods and attacks with its default, and the measurements of judges."
  )
  var verbose = false
  @Flag(help: "Output: the list as JSON.")
  var json = false
  @Option(
    help:
      "Folder of the judges: a folder or an ONNX file each. LETHE_JUDGES, then Models/judges, when left out."
  )
  var judges: String?

  /// An entry: its name, what it is, and details.
  struct Entry {
    var name: String
    var title: String
    /// The entry in a plain sentence; empty for none.
    var summary = ""
    var details: JSON = .null
    var options: [OptionSource] = []
  }

  func run() throws {
    do {
      let entries = try entries()
      if json { return print(JSON.array(entries.map(json)).pretty, terminator: "") }
      let table = Table.list(
        entries, corner: [("", \.name)], across: [("", { .init($0.title) })])
      for (entry, line) in zip(entries, table.plainRows) {
        print(line)
        if !entry.summary.isEmpty { print("  \(entry.summary)") }
        let meanings = verbose ? meanings(of: entry.name) : [:]
        // An attack without options has one entry without a name.
        for option in entry.options
        where !option.key.isEmpty && (verbose || option.source != "default") {
          print("  \(option.key) = \(option.value.compact)  (\(option.source))")
          if let said = meanings[option.key] { print("    \(said)") }
        }
        if verbose, catalog != .concepts, entry.options.isEmpty,
          ![.null, [:]].contains(entry.details)
        {
          print(entry.details.string ?? entry.details.pretty)
        }
      }
    } catch {
      Failure.report(error)
      throw Failure.exitCode(error)
    }
  }

  /// The meanings of a method's or an attack's options; none of one that another package brings.
  private func meanings(of name: String) -> [String: String] {
    let all =
      switch catalog {
      case .methods: OptionMeanings.methods
      case .attacks: OptionMeanings.attacks
      case .samplers, .metrics, .prompts, .judges, .concepts: [OptionMeaning]()
      }
    return Dictionary(all.filter { $0.owners.contains(name) }.map { ($0.option, $0.text) }) {
      first, _ in first
    }
  }

  private func json(_ entry: Entry) -> JSON {
    var json: JSON = ["name": .string(entry.name), "title": .string(entry.title)]
    if !entry.summary.isEmpty { json["summary"] = .string(entry.summary) }
    if entry.details != .null { json["details"] = entry.details }
    if !entry.options.isEmpty {
      json["options"] = .array(entry.options.compactMap { try? JSON(encoding: $0) })
    }
    if verbose, case let meanings = meanings(of: entry.name), !meanings.isEmpty {
      json["meanings"] = .object(meanings.mapValues(JSON.string))
    }
    return json
  }

  func entries() throws -> [Entry] {
    let folder = model.map { ModelFolder($0) }
    if let folder { try folder.requireFolder() }
    let catalogs = LetheProgram.catalogs
    switch catalog {
    case .methods: return try catalogs.methods.all.map { try method($0, folder) }
    case .attacks: return try catalogs.attacks.all.map { try attack($0, folder) }
    case .concepts: return try concepts(folder)
    case .samplers: return Samplers.all.map { Entry(name: $0.name, title: $0.className) }
    case .metrics:
      return catalogs.metrics.all.map {
        Entry(
          name: $0.name, title: "\($0.title) (\($0.better.rawValue) is better)",
          details: Definitions.text(of: $0.name).map { .string("  \($0)") } ?? .null)
      }
        + Definitions.ofCommands.map { measure in
          let said = Definitions.text(of: measure.name) ?? measure.text
          let text = said.hasSuffix(".") ? said.dropLast() : said[...]
          return Entry(
            name: measure.name,
            title: "\(text) (\(measure.commands); \(measure.better.rawValue) is better)")
        }
    case .prompts:
      return NamedPrompts.all.map { suite in
        let shown =
          [suite.note].filter { !$0.isEmpty } + suite.rows.prefix(3).map { "  \($0.prompt)" }
        return Entry(
          name: suite.name, title: "\(suite.title); \(suite.rows.count.counted("row"))",
          details: .string(shown.joined(separator: "\n")))
      }
    case .judges:
      return catalogs.judges.all.map { Entry(name: $0.usage, title: $0.title) }
        + (try Self.judges(in: judges))
    }
  }

  /// The concepts that a model lists, in words that --concept takes.
  private func concepts(_ folder: ModelFolder?) throws -> [Entry] {
    guard let folder else {
      throw LetheError.badValue(
        "list", "no model is named; accepted: list concepts MODEL")
    }
    let themes = try folder.themes()
    let development = try Set(folder.developmentConcepts())
    func entry(_ kind: Themes.Kind, _ name: String) -> Entry {
      let isDevelopment = development.contains(name)
      return Entry(
        name: kind == .style && !name.hasSuffix(" style") ? "\(name) style" : name,
        title: kind.rawValue
          + (isDevelopment ? ", a development concept: the model's options were chosen on it" : ""),
        details: ["kind": .string(kind.rawValue), "development": .bool(isDevelopment)])
    }
    return themes.objects.map { entry(.object, $0) } + themes.styles.map { entry(.style, $0) }
  }

  private func method<M: UnlearningMethod>(_ type: M.Type, _ folder: ModelFolder?) throws -> Entry {
    let card = type.card
    let usual = try JSON(encoding: M())
    var entry = Entry(
      name: type.name,
      title: "\(card.title) (\(card.paper), \(card.year)); changes \(card.trains)", details: usual)
    if let folder {
      var job = EraseJob(folder, M.name, "x", seed: 0, command: [])
      job.wording = ConceptWording(prompts: ["x"])
      entry.options = try Erase(job, settings: [], catalogs: LetheProgram.catalogs).optionSources()
    } else {
      entry.options = usual.defaultSources
    }
    return entry
  }

  private func attack<A: Attack>(_ type: A.Type, _ folder: ModelFolder?) throws -> Entry {
    let card = type.card
    let usual = try JSON(encoding: A())
    var entry = Entry(
      name: type.name,
      title: "\(card.title) (\(card.paper), \(card.year)); \(type.access.rawValue)",
      summary: card.summary, details: usual)
    if let folder {
      let own = try AttackRun.configured(
        A.name, [], of: folder, in: LetheProgram.catalogs.attacks)
      entry.options = try folder.sources(
        of: Self.encoded(own), defaults: usual, .attacks, [A.name], as: A.self)
    } else {
      entry.options = usual.defaultSources
    }
    return entry
  }

  private static func encoded<A: Attack>(_ attack: A) throws -> JSON { try JSON(encoding: attack) }
}
