public import ArgumentParser
public import Attacks
import Diffusion
import Editing
import Evaluation
import Foundation
import Reports
import Torch
import Training
import Workbench
import Workflows

struct RelearnCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "relearn",
    abstract:
      "Fine-tune an erased model on its concept and measure how fast the concept comes back.",
    help: """
      Examples:
        lethe relearn runs/esd-fox
        lethe relearn runs/esd-fox --mode lora --tuning-steps 100 --quick
        lethe relearn runs/esd-fox --data my-foxes
        lethe relearn runs/esd-fox --draw "a noto emoji of a fox"

      The original model draws the pictures of the concept, or they come from a folder with captions. A control is \
      fine-tuned on as many benign pictures. After 0, 50, 100, 200 and 300 steps, and after the last one, the command \
      measures the success rate of the prompts by the judge, and the loss on the concept, on related and on unrelated subjects. \
      RUN/relearn gets results.json, results.md, report.html with the curves and a log line for each finished point. \
      An interrupted run goes on at the first point that is not finished. Options come from attacks.json in the \
      model's folder (relearn), then from --set.
      """)

  @Argument(help: "Folder of a run of `lethe erase`.", completion: .directory)
  var runFolder: String
  @Option(
    help: "Folder of captioned pictures of the concept. Drawn by the original model when left out.",
    completion: .directory)
  var data: Place?
  @Option(
    help:
      "Prompt from which the original model draws the pictures. The concept's own when left out. May be repeated."
  )
  var draw: [String] = []
  @Option(
    help:
      "Mode: full trains the whole U-Net, lora a low-rank factor with a learning rate of 1e-4 unless --set has another."
  )
  var mode: Relearning.Mode?
  @Option(help: "Number of steps of fine-tuning. 300, the last checkpoint, when left out.")
  var tuningSteps: Int?
  @Option(help: .hidden)
  var steps: Int?
  @Option(
    name: .customLong("set"),
    help: "Option of the fine-tuning, key=value, e.g. training.learningRate=1e-4. May be repeated.")
  var settings: [String] = []
  @Option(
    help:
      "Number of fine-tunings on each set of pictures, at least 1, each with its own seed. 3 when left out, 1 with --quick."
  )
  var repeats: Int?
  @Option(help: .hidden)
  var seeds: Int?
  @OptionGroup var words: PromptFile
  @Option(
    help:
      "Number of pictures to judge, at least 1, each of a prompt and a seed, spread evenly over the concept's prompts. 10 when left out, 6 with --quick."
  )
  var limit: Int?
  @Option(help: "Seed of all random draws.")
  var seed: UInt64 = 0
  @Flag(
    help:
      "Reduced run with one fine-tuning, six pictures and three seeds of a prompt. Its results are marked as quick."
  )
  var quick = false
  @Option(
    help:
      "Number of denoising steps of the judged pictures, 1 to 1000. When left out, those of a suite of `lethe list prompts` that has its own, else \(SizeOptions.usualSteps)."
  )
  var samplingSteps: Int?
  @Option(help: "Guidance scale of the judged pictures. 1 turns guidance off.")
  var guidance = SamplingOptions.trialGuidance
  @OptionGroup var page: PageOptions
  @OptionGroup var judging: JudgingOptions
  @OptionGroup var preview: PreviewOptions
  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.reporting(shares: true) {
      if steps != nil { CommonOptions.former("--steps", "--tuning-steps") }
      if seeds != nil { CommonOptions.former("--seeds", "--repeats") }
      let count = try words.limit(limit) ?? (quick ? 6 : 10)
      let (steps, seeds) = (tuningSteps ?? steps, repeats ?? seeds ?? (quick ? 1 : 3))
      try accept("--repeats", seeds, .whole(1...1_000_000))
      try accept("--tuning-steps", steps, .whole(1...1_000_000_000))
      try accept("--sampling-steps", samplingSteps, .steps)
      try accept("--guidance", guidance, .guidance)
      guard data == nil || draw.isEmpty else {
        throw LetheError.badValue("--data", "\(data?.description ?? ""); accepted: without --draw")
      }
      _ = try RunFolder(runFolder).job()
      let folder = RunFolder(runFolder)
      let parts = ["relearn"]
      if preview.dryRun { try CommonOptions.writable(runFolder, parts: parts) }
      let run = preview.dryRun ? nil : try common.run(at: runFolder, seed: seed, parts: parts)
      let job = try folder.job()
      let asked = try Settings(
        (mode.map { ["mode=\($0.rawValue)"] } ?? []) + settings
          + (steps.map { ["training.steps=\($0)"] } ?? []))
      let tuning = try Relearn.tuning([asked], of: job.folder, in: LetheProgram.catalogs.attacks)
      guard tuning.training.steps > 0 else {
        throw LetheError.badValue(
          "--set", key: "training.steps",
          "'training.steps' is 0, which fine-tunes nothing; accepted: a whole number from 1")
      }
      let eraser = try folder.eraser()
      var options = quick ? EvaluationOptions.quickly : EvaluationOptions()
      let suites = NamedPrompts.steps(
        of: words.file, judging.words.forgetPrompts, judging.words.retainPrompts)
      options.sampling.steps = samplingSteps ?? suites ?? SizeOptions.usualSteps
      options.sampling.guidance = guidance
      let device = try common.openDevice()
      let judges = try judging.judges(of: folder, for: job)
      let judge = try folder.asked(of: judges)
      try folder.refuseDoubtful(judge, "relearn")
      let suite = try judging.request(words.file)
        .suite(
          of: job, options, on: device,
          note: { sentence in
            if let run { run.note(sentence) } else { sentence.map(CommonOptions.note) }
          })
      var relearn = try Relearn(
        job, tuning, options, suite, judge: judge, prompts: count)
      relearn.beside = try folder.besides(judge, of: judges)
      relearn.unasked = judges.filter { $0 != judge && !relearn.beside.contains($0) }
      (relearn.data, relearn.drawn, relearn.seeds) = (data?.url, draw, seeds)
      (relearn.seed, relearn.command) = (seed, ["lethe"] + CommandLine.arguments.dropFirst())
      (relearn.given, relearn.catalogs) = (asked, LetheProgram.catalogs)
      relearn.recordsSeeds = quick
      guard let run else {
        let plan = try relearn.plan(in: folder, eraser: eraser, on: device)
        var reached = tuning
        reached.checkpoints = tuning.reached
        return common.preview(
          try plan.timed(on: job.folder.model(on: device)),
          [
            "run": .string(runFolder), "seed": JSON(seed), "repeats": .int(seeds),
            "options": try JSON(encoding: reached),
          ], common.previewed(prompts: relearn.judgedPrompts))
      }
      let results = try relearn(in: run, eraser: eraser, on: device)
      ProgressLine.shared.end()
      if common.json {
        print(try JSON(encoding: results).pretty, terminator: "")
      } else {
        let page = try ResultsPage.content(
          of: results, in: run.folder, metrics: relearn.catalogs.metrics)
        print(page.markdown, terminator: "")
        if !common.isQuiet { print("\(runFolder)/relearn/report.html") }
      }
      try page.openPage(run.file("relearn/report.html"))
      common.next("compare", runFolder.pathWord, "OTHER-RUN", "--out", "FOLDER")
    }
  }
}

extension Relearning.Mode: ExpressibleByArgument {}
