import ArgumentParser
import Diffusion
import Editing
import Evaluation
import Foundation
import Torch
import Training
import Workbench

/// How evaluations and benches are sized; one set for all of them.
struct SizeOptions: ParsableArguments {
  @Option(help: "Pictures of each prompt of the forgotten subject.")
  var seeds = 4
  @Flag(help: "A reduced run, marked as such in its results.")
  var quick = false
  @Option(help: "Denoising steps.")
  var steps = 25
  @Option(help: "Guidance scale.")
  var guidance = 4.0

  func options() throws -> EvaluationOptions {
    guard seeds >= 1 else { throw ConfigurationError.badValue("--seeds", "\(seeds); at least 1") }
    var options = quick ? EvaluationOptions.quickly : EvaluationOptions()
    if !quick { options.seeds = seeds }
    (options.sampling.steps, options.sampling.guidance) = (steps, guidance)
    return options
  }
}

struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Judge an erased model beside the original, with the same prompts and seeds.",
    discussion: """
      Examples:
        lethe evaluate runs/esd-fox
        lethe evaluate runs/esd-fox --quick
        lethe evaluate Models/emoji --out runs/audit     # the model itself, every pair of object and style

      Writes RUN/results.json: rows of method, subject, metric, value, lower, upper, n, seeds, with
      95 % intervals. Pictures that are there already are kept.
      """)

  @Argument(help: "A run of `lethe erase`, or a model's folder.", completion: .directory)
  var runFolder: String
  @Option(help: "Where the pictures of a model's folder go.")
  var out: String?
  @OptionGroup var size: SizeOptions
  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.reporting {
      let folder = URL(fileURLWithPath: runFolder)
      let isModel = FileManager.default.fileExists(
        atPath: folder.appendingPathComponent("model_index.json").path)
      if isModel {
        guard let out else {
          throw ConfigurationError.badValue("evaluate", "a model's pictures need --out FOLDER")
        }
        let results = try AuditModel(folder, size.options())(
          in: common.run(at: out, seed: 0), on: common.openDevice())
        for row in results.rows {
          print("\(row.metric): \(ResultsTable.cell(row)), n \(row.n)")
        }
        return
      }
      let run = try common.run(at: runFolder, seed: 0)
      let job: EraseJob = try JSON(contentsOf: run.file("job.json")).decoded()
      let increment = try Increment(contentsOf: run.file("increment.safetensors"))
      let results = try Evaluate(job, size.options())(
        in: run, increment: increment, on: common.openDevice())
      print(ResultsTable.markdown(results.rows), terminator: "")
      if results.quick {
        print("quick: few pictures, wide intervals; for looking, not for quoting")
      }
    }
  }
}

struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "One self-contained HTML page about a run.",
    discussion: """
      Example:
        lethe report runs/esd-fox
      """)

  @Argument(
    help: "A run of `lethe erase` that was evaluated, or of `lethe bench`.", completion: .directory)
  var runFolder: String
  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.reporting {
      let file = try WriteReport(URL(fileURLWithPath: runFolder))()
      if !common.quiet { print(file.path) }
    }
  }
}

struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Erase and evaluate with several methods, side by side.",
    discussion: """
      Examples:
        lethe bench Models/emoji --methods esd,uce --concept fox --concept "symbola style" --out runs/bench
        lethe bench Models/emoji --methods uce --concept fox --quick --out runs/quick
        lethe bench Models/emoji --draw 3,1 --seed 1 --out runs/drawn

      Every concept is erased alone. Finished parts are kept, so an interrupted bench goes on.
      """)

  @Argument(help: "A model folder with themes.json.", completion: .directory)
  var model: String
  @Option(help: "Methods, separated by commas.")
  var methods = "esd,uce"
  @Option(help: "A concept; each is erased alone.")
  var concept: [String] = []
  @Option(help: "Objects and styles to draw by --seed from those the model lists, e.g. 3,1.")
  var draw: String?
  @Option(help: "Prompts to preserve, as for `erase`.")
  var preserve: [String] = ["others"]
  @Option(name: .customLong("set"), help: "METHOD.key=value, e.g. esd.training.steps=300.")
  var settings: [String] = []
  @Option(help: "Seed of everything random.")
  var seed: UInt64 = 0
  @Option(help: "Folder for all runs.")
  var out: String
  @OptionGroup var size: SizeOptions
  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.reporting {
      var bench = Bench(model: model, methods: methods.split(separator: ",").map(String.init))
      let drawn = try draw.map { try Bench.draw($0, from: model, seed: seed) } ?? []
      (bench.concepts, bench.preserve, bench.settings) = (concept + drawn, preserve, settings)
      guard !bench.concepts.isEmpty else {
        throw ConfigurationError.badValue("bench", "give --concept or --draw")
      }
      (bench.seed, bench.options) = (seed, try size.options())
      bench.command = ["lethe"] + CommandLine.arguments.dropFirst()
      let run = try common.run(at: out, seed: seed)
      let results = try bench(in: run, on: common.openDevice())
      print(ResultsTable.markdown(results.rows), terminator: "")
    }
  }
}
