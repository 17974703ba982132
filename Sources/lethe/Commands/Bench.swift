import ArgumentParser
import Benchmarks
import Diffusion
import Editing
import Evaluation
import Foundation
import Reports
import Torch
import Training
import Workbench
import Workflows

/// Options for running a benchmark: seed, folder and processes.
struct BenchRunOptions: ParsableArguments {
  @Option(help: "Seed of all random draws.")
  var seed: UInt64 = 0
  @Option(help: "Folder of the benchmark. It gets all runs, results.json and report.html.")
  var out: String
  @Option(
    help:
      "Parts that run at a time, at least 1. Each is a process with an equal share of the threads; 2 or more suit small models."
  )
  var jobs = 1
  @Flag(
    help:
      "Count development concepts, on which the model's options were chosen, like others. methods.json and attacks.json list them."
  )
  var development = false
  @Option(help: .hidden)
  var only: String?
  @OptionGroup var page: PageOptions
  @OptionGroup var additions: ModelOptions
  @OptionGroup var preview: PreviewOptions
  @OptionGroup var common: CommonOptions

  /// The command as the user gave it, without the options of worker processes.
  var command: [String] {
    let given = Array(CommandLine.arguments.dropFirst())
    return ["lethe"] + (given.firstIndex(of: "--only").map { Array(given[..<$0]) } ?? given)
  }

  /// The options that every benchmark takes.
  func options(
    _ model: String, _ settings: NamedSettings, _ evaluation: EvaluationOptions
  ) -> BenchmarkOptions {
    var options = BenchmarkOptions(ModelFolder(model, additions.additions))
    (options.settings, options.seed) = (settings, seed)
    options.countsDevelopment = development
    (options.evaluation, options.command) = (evaluation, command)
    options.catalogs = LetheProgram.catalogs
    return options
  }

  /// The same with judges, prompts and neighbours of concepts that the model does not list.
  func options(
    _ model: String, _ request: BenchRequest, _ words: BenchWords
  ) throws -> BenchmarkOptions {
    var options = try options(model, NamedSettings(request.settings), request.size.options())
    options.judges = try words.judges.specs()
    (options.request, options.conceptKind) = (words.wording.request(), words.kind)
    return options
  }

  /// Runs the benchmark and prints its tables as Markdown.
  func callAsFunction<B: Benchmark>(_ benchmark: B) throws {
    try accept("--jobs", jobs, .whole(1...1024))
    if preview.dryRun {
      try CommonOptions.writable(out)
      let runner = Runner(program: OwnProgram.url, arguments: [], only: only, jobs: jobs)
      let (plan, trials) = try runner.plan(
        benchmark, in: RunFolder(out), on: common.openDevice())
      return common.preview(
        plan,
        [
          "benchmark": .string(B.kind.rawValue), "out": .string(out),
          "model": .string(benchmark.options.model.path), "seed": JSON(seed),
          "trials": .array(trials.map(JSON.string)),
        ])
    }
    Workers.endWithParent()
    let run = try common.run(at: out, seed: seed, shares: only != nil)
    let runner = Runner(
      program: OwnProgram.url,
      arguments: Array(CommandLine.arguments.dropFirst()), only: only, jobs: jobs)
    let results = try runner(benchmark, in: run, on: common.openDevice())
    ProgressLine.shared.end()
    guard only == nil else { return }
    if !common.isQuiet, common.json {
      print(try JSON(encoding: results).pretty, terminator: "")
    } else if !common.isQuiet {
      let page = try ResultsPage.content(
        of: results, in: run.folder, metrics: benchmark.options.catalogs.metrics)
      print(page.markdown, terminator: "")
      print("\n\(out)/report.html")
    }
    try page.openPage(run.file("report.html"))
  }
}

/// The size of a benchmark, and the options of its methods.
struct BenchRequest: ParsableArguments {
  @Option(
    name: .customLong("set"),
    help:
      "Option of a method or an attack, NAME.key=value, e.g. esd.training.steps=300. May be repeated."
  )
  var settings: [String] = []
  @OptionGroup var size: SizeOptions
}

/// Concepts to erase, and options for those that the model does not list.
struct BenchWords: ParsableArguments {
  @Option(help: "Concept to erase, alone. May be repeated.", completion: .concepts)
  var concept: [String] = []
  @Option(
    help:
      "Numbers of objects and of styles that --seed draws from the model's list, e.g. objects=3,styles=1, or 3,1."
  )
  var draw: String?
  @Option(
    help:
      "Kind of the concepts that the model does not list: object, style, artist, person or content."
  )
  var kind: ConceptKind?
  @OptionGroup var judges: BenchJudges
  @OptionGroup var wording: PromptWords

  /// The named concepts and the drawn ones.
  /// - Parameter usual: the counts to draw where no concept is named; nil draws none
  func concepts(of options: BenchmarkOptions, drawing usual: String? = nil) throws -> [String] {
    let counts = draw ?? (concept.isEmpty ? usual : nil)
    let all =
      try CommonOptions.spelled(concept, in: options.model).once("--concept")
      + (counts.map {
        try options.model.drawSubjects($0, seed: options.seed, without: options.development())
      } ?? [])
    guard !all.isEmpty else {
      throw LetheError.badValue("bench", "no concept is named; give --concept or --draw")
    }
    return all
  }
}

/// The command `lethe bench` with one subcommand a benchmark.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Compare methods by a benchmark.",
    help: """
      Examples:
        lethe bench Models/emoji --methods esd,uce --concept fox --out runs/bench
        lethe bench separability Models/emoji --out runs/separability
        lethe bench forgetting Models/animals --class zebra --data data/animals --out runs/forgetting
      """,
    subcommands: [
      BenchMethods.self, BenchSeparabilityCommand.self, BenchForgettingCommand.self,
      BenchRobustnessCommand.self, BenchRelearningCommand.self,
    ],
    defaultSubcommand: BenchMethods.self)
}

extension [String] {
  /// The names, none of which stands there twice.
  /// - Throws: ``LetheError`` of the kind `request` for a name that is given twice
  func once(_ option: String) throws -> [String] {
    var seen: Set<String> = []
    if let twice = first(where: { !seen.insert($0.lowercased()).inserted }) {
      throw LetheError.badValue(option, "'\(twice)' is given twice; accepted: every name once")
    }
    return self
  }
}

extension String {
  /// The members of a list with commas between them.
  var listed: [String] { split(separator: ",").map(String.init) }

  /// The members of a list of which one at least is needed, and none twice.
  /// - Throws: ``LetheError`` of the kind `request` for a list without members, or with one that is given twice
  func listed(_ option: String) throws -> [String] {
    guard !listed.isEmpty else {
      throw LetheError.badValue(
        option, "'\(self)' names nothing; accepted: names with commas between them")
    }
    return try listed.once(option)
  }
}
