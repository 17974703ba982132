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
        lethe evaluate runs/van-gogh --judge clip:clip-vit-large-patch14 --prompts artists.csv
        lethe evaluate pictures --concept fox --judge clip:clip-vit-base-patch32 --out runs/judged
        lethe evaluate Models/emoji --out runs/pairs     # the model itself: every pair of object and style

      Both models draw the same prompts with the same seeds. RUN/results.json gets rows of method, subject, metric, \
      value, unit, n and seeds, and lower, upper and interval where an interval is known. Finished pictures are kept. \
      A concept that the model's themes.json does not list is drawn in words of its kind (`erase --kind`), beside \
      subjects that are near to it and far from it in the text encoder. A judge is first measured on the original's \
      pictures; one that cannot tell the concept there gives no rates.
      """)

  @Argument(
    help: "Folder of a run of `lethe erase`, of a model, or of captioned pictures.",
    completion: .directory)
  var runFolder: String
  @Option(help: "Folder for the results of a model or of pictures. Runs need none.")
  var out: String?
  @Option(
    help:
      "CSV file of prompts, or a suite of `lethe list prompts`. A column 'forget', or the concept's words, say which ask for the concept.",
    completion: .file(extensions: ["csv"]))
  var prompts: String?
  @Option(help: "Concept to look for in a folder of pictures. May be repeated.")
  var concept: [String] = []
  @Option(help: "Kind of --concept: object, style, artist, person or content.")
  var kind = "object"
  @OptionGroup var judging: JudgingOptions
  @OptionGroup var measuring: MeasuringOptions
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
      if !RunFolder(runFolder).has("job.json"), !concept.isEmpty || out != nil {
        return try judgePictures()
      }
      let run = try common.run(at: runFolder, seed: 0)
      let (job, options) = (try run.runFolder.job(), try size.options())
      let judges = try judging.judges(of: run.runFolder)
      let device = try common.openDevice()
      let suite = try judging.request(prompts)
        .suite(of: job, options, on: device, note: run.note)
      var evaluate = try Evaluate(job, options, suite, judges: judges)
      evaluate.measures = try measuring.measures()
      let results = try evaluate(in: run, eraser: run.runFolder.eraser(), on: device)
      print(ResultsPage.metrics(results).markdown, terminator: "")
      if results.quick {
        print("quick: the run has few pictures and wide intervals; quote a full run instead")
      }
      if !common.quiet { results.notes.forEach { print($0) } }
    }
  }

  private func judgePictures() throws {
    guard let kind = ConceptKind(rawValue: kind) else {
      throw LetheError.unknown(
        "kind", kind, known: ConceptKind.allCases.map(\.rawValue), in: "--kind")
    }
    let judge = try JudgePictures(
      URL(fileURLWithPath: runFolder), concepts: concept, kind,
      judges: judging.judge.map(JudgeSpec.init(parsing:)))
    guard let out else {
      throw LetheError.badValue(
        "evaluate", "the results of pictures need a folder; give --out FOLDER")
    }
    let results = try judge(in: common.run(at: out, seed: 0), on: common.openDevice())
    print(ResultsPage.metrics(results).markdown, terminator: "")
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
