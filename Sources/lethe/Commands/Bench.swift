import ArgumentParser
import Diffusion
import Foundation
import Reports
import Torch
import Training
import Workbench

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
  @Option(help: .hidden)
  var only: String?
  @OptionGroup var additions: ModelOptions
  @OptionGroup var common: CommonOptions

  /// The command as the user gave it, without the options of worker processes.
  var command: [String] {
    let given = Array(CommandLine.arguments.dropFirst())
    return ["lethe"] + (given.firstIndex(of: "--only").map { Array(given[..<$0]) } ?? given)
  }

  /// The options that every benchmark takes.
  func options(
    _ model: String, _ settings: [String], _ evaluation: EvaluationOptions
  ) -> BenchmarkOptions {
    var options = BenchmarkOptions(ModelFolder(model, additions.additions))
    (options.settings, options.seed) = (settings, seed)
    (options.evaluation, options.command) = (evaluation, command)
    options.catalogs = LetheProgram.catalogs
    return options
  }

  /// Runs the benchmark and prints its tables as Markdown.
  func callAsFunction<B: Benchmark>(_ benchmark: B) throws {
    try accept("--jobs", jobs, .whole(1...1024))
    Workers.endWithParent()
    let run = try common.run(at: out, seed: seed, shares: only != nil)
    let runner = Runner(
      program: Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0]),
      arguments: Array(CommandLine.arguments.dropFirst()), only: only, jobs: jobs)
    let results = try runner(benchmark, in: run, on: common.openDevice())
    ProgressLine.shared.end()
    guard !common.isQuiet, only == nil else { return }
    if common.json { return print(try JSON(encoding: results).pretty, terminator: "") }
    print(try ResultsPage.content(of: results, in: run.folder).markdown, terminator: "")
    print("\n\(out)/report.html")
  }
}

/// The command `lethe bench` with one subcommand a benchmark.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Compare methods by a benchmark.",
    discussion: """
      Examples:
        lethe bench Models/emoji --methods esd,uce --concept fox --out runs/bench
        lethe bench separability --model Models/emoji --out runs/separability
        lethe bench forgetting --model Models/animals --class zebra --data data/animals --out runs/forgetting
      """,
    subcommands: [
      BenchMethods.self, BenchSeparabilityCommand.self, BenchForgettingCommand.self,
      BenchRobustnessCommand.self, BenchRelearningCommand.self,
    ],
    defaultSubcommand: BenchMethods.self)
}

extension String {
  /// The members of a list with commas between them.
  var listed: [String] { split(separator: ",").map(String.init) }
}
