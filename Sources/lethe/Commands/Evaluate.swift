import ArgumentParser
import Diffusion
import Editing
import Evaluation
import Foundation
import Reports
import Torch
import Training
import Workbench

/// Options for the size of evaluations and benchmarks.
struct SizeOptions: ParsableArguments {
  @Option(
    help:
      "Number of pictures of each prompt of the forgotten subject, at least 1; for a model's folder, of every prompt. 3 with --quick."
  )
  var seeds = 4
  @Flag(help: "Reduced run with fewer subjects and pictures. Its results are marked as quick.")
  var quick = false
  @Option(help: "Number of denoising steps, 1 to 1000.")
  var steps = 25
  @Option(help: "Guidance scale. 1 turns guidance off.")
  var guidance = 4.0

  func options() throws -> EvaluationOptions {
    try accept("--seeds", seeds, .whole(1...1_000_000))
    try accept("--steps", steps, .steps)
    try accept("--guidance", guidance, .guidance)
    var options = quick ? EvaluationOptions.quickly : EvaluationOptions()
    if !quick { options.seeds = seeds }
    (options.sampling.steps, options.sampling.guidance) = (steps, guidance)
    return options
  }
}

struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Draw with the erased and the original model, and measure both with the judge.",
    discussion: """
      Examples:
        lethe evaluate runs/esd-fox
        lethe evaluate runs/esd-fox --quick
        lethe evaluate Models/emoji --out runs/audit     # the model itself: every pair of object and style

      Both models draw the same prompts with the same seeds. RUN/results.json gets rows of method, subject, metric, \
      value, unit, n and seeds, and lower, upper and interval where an interval is known. Finished pictures are kept.
      """)

  @Argument(help: "Folder of a run of `lethe erase`, or of a model.", completion: .directory)
  var runFolder: String
  @Option(help: "Folder for the pictures and results of a model. Runs need none.")
  var out: String?
  @OptionGroup var size: SizeOptions
  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.reporting {
      let model = ModelFolder(runFolder)
      if model.isModel {
        guard let out else {
          throw LetheError.badValue(
            "evaluate", "\(runFolder) is a model, whose pictures need a folder; give --out FOLDER")
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
        print("quick: the run has few pictures and wide intervals; quote a full run instead")
      }
    }
  }
}

struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Write the HTML page of a run or a benchmark.",
    discussion: """
      Examples:
        lethe report runs/esd-fox
        lethe report runs/esd-fox/attack
        lethe report runs/robustness

      The page is FOLDER/report.html. It loads no other file.
      """)

  @Argument(
    help: "Folder of `lethe erase`, `attack`, `relearn` or `bench`.", completion: .directory)
  var runFolder: String
  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.reporting {
      let file = try WriteReport(RunFolder(runFolder))()
      if !common.quiet { print(file.path) }
    }
  }
}
