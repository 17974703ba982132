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

struct RelearnCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "relearn",
    abstract: "Fine-tune an erased model on the concept and measure how fast it comes back.",
    discussion: """
      Examples:
        lethe relearn runs/esd-fox
        lethe relearn runs/esd-fox --mode lora --steps 100 --quick
        lethe relearn runs/esd-fox --data my-foxes
        lethe relearn runs/esd-fox --draw "a noto emoji of a fox"

      Pictures of the concept are drawn by the original model, or come from a folder with captions. A control is \
      fine-tuned on as many benign pictures. After 0, 50, 100, 200 and 300 steps: the judge's success on the \
      prompts, the loss on the concept, on related and on unrelated subjects. Writes RUN/relearn: results.json, \
      results.md, report.html with the curves, a line for every point that is done (an interrupted run goes on). \
      Options come from attacks.json in the model's folder (relearn), then from --set.
      """)

  @Argument(help: "A run of `lethe erase`.", completion: .directory)
  var runFolder: String
  @Option(help: "Captioned pictures of the concept.", completion: .directory)
  var data: String?
  @Option(help: "A prompt for the original to draw pictures of; may be repeated.")
  var draw: [String] = []
  @Option(help: "full, or lora with its rate of 1e-4 where --set has no other.")
  var mode: Relearning.Mode?
  @Option(help: "Steps of fine-tuning, at most the last checkpoint's.")
  var steps: Int?
  @Option(name: .customLong("set"), help: "key=value, e.g. training.learningRate=1e-4.")
  var settings: [String] = []
  @Option(help: "Fine-tunings of each kind, each with its own seed.")
  var seeds = 3
  @Option(help: "Prompts to judge, spread over all there are.")
  var prompts = 10
  @Option(help: "Seed of everything random.")
  var seed: UInt64 = 0
  @Flag(help: "One fine-tuning and six prompts, marked as such in its results.")
  var quick = false
  @Option(help: "Denoising steps of the pictures that are judged.")
  var samplingSteps = 25
  @Option(help: "Guidance scale of the pictures that are judged.")
  var guidance = 4.0
  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.reporting {
      guard seeds >= 1, prompts >= 1, data == nil || draw.isEmpty else {
        throw LetheError.badValue(
          "relearn", "--seeds and --prompts are at least 1, and --data excludes --draw")
      }
      let run = try common.run(at: runFolder, seed: seed)
      let job = try run.runFolder.job()
      let asked =
        (mode?.settings ?? []) + settings + (steps.map { ["training.steps=\($0)"] } ?? [])
      guard
        let tuning = try AttackRun.configured(Relearning.name, asked, of: job.folder)
          as? Relearning
      else { return }
      let eraser = try run.runFolder.eraser()
      var options = EvaluationOptions()
      options.quick = quick
      (options.sampling.steps, options.sampling.guidance) = (samplingSteps, guidance)
      var relearn = try Relearn(job, tuning, options, prompts: quick ? min(6, prompts) : prompts)
      (relearn.data, relearn.drawn, relearn.seeds) = (data, draw, quick ? 1 : seeds)
      (relearn.seed, relearn.command) = (seed, ["lethe"] + CommandLine.arguments.dropFirst())
      let results = try relearn(in: run, eraser: eraser, on: common.openDevice())
      print(try ResultsPage.content(of: results, in: run.folder).markdown, terminator: "")
      if !common.quiet { print("\(runFolder)/relearn/report.html") }
    }
  }
}

extension Relearning.Mode: ExpressibleByArgument {}
