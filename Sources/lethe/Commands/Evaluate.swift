import ArgumentParser
import Diffusion
import Editing
import Evaluation
import Foundation
import Reports
import Torch
import Training
import Workbench

/// How evaluations and benches are sized; one set for all of them.
struct SizeOptions: ParsableArguments {
  @Option(
    help: "Pictures of each prompt of the forgotten subject; of a model alone, of every prompt.")
  var seeds = 4
  @Flag(help: "A reduced run, marked as such in its results.")
  var quick = false
  @Option(help: "Denoising steps.")
  var steps = 25
  @Option(help: "Guidance scale.")
  var guidance = 4.0

  func options() throws -> EvaluationOptions {
    guard seeds >= 1 else { throw LetheError.badValue("--seeds", "\(seeds); at least 1") }
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

      Writes RUN/results.json: rows of method, subject, metric, value, unit, n, seeds, and where an interval is \
      known lower, upper and its kind. Pictures that are there already are kept.
      """)

  @Argument(help: "A run of `lethe erase`, or a model's folder.", completion: .directory)
  var runFolder: String
  @Option(help: "Where the pictures of a model's folder go.")
  var out: String?
  @OptionGroup var size: SizeOptions
  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.reporting {
      let model = ModelFolder(runFolder)
      if model.isModel {
        guard let out else {
          throw LetheError.badValue("evaluate", "a model's pictures need --out FOLDER")
        }
        var options = try size.options()
        options.retainSeeds = options.seeds
        let results = try AuditModel(model, options)(
          in: common.run(at: out, seed: 0), on: common.openDevice())
        for row in results.rows {
          print("\(row.metric): \(row.measured.text(hasUnit: true)), n \(row.n)")
        }
        return
      }
      let run = try common.run(at: runFolder, seed: 0)
      let results = try Evaluate(run.runFolder.job(), size.options())(
        in: run, eraser: run.runFolder.eraser(), on: common.openDevice())
      print(ResultsPage.metrics(results).markdown, terminator: "")
      if results.quick {
        print("quick: few pictures, wide intervals; for looking, not for quoting")
      }
    }
  }
}

struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "One self-contained HTML page about a run or a benchmark.",
    discussion: """
      Examples:
        lethe report runs/esd-fox
        lethe report runs/esd-fox/attack
        lethe report runs/robustness
      """)

  @Argument(
    help: "A folder of `lethe erase`, `attack`, `relearn` or `bench`.", completion: .directory)
  var runFolder: String
  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.reporting {
      let file = try WriteReport(RunFolder(runFolder))()
      if !common.quiet { print(file.path) }
    }
  }
}
