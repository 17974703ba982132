import ArgumentParser
import Benchmarks
import Diffusion
import Foundation
import Reports
import Torch
import Training
import Workbench
import Workflows

struct BenchRobustnessCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "robustness",
    abstract: "Erase with several methods and attack the erased models.",
    help: """
      Examples:
        lethe bench robustness Models/emoji --out runs/robustness
        lethe bench robustness Models/emoji --concept fox --methods esd-x,uce --attacks random,unlearndiff --limit 5 --quick --out runs/quick

      The concepts are four objects and two styles that --seed draws, unless --concept names others. Methods are none \
      (the original under attack), esd-x (cross-attention), esd-u (everything else), uce, advunlearn (PGD), \
      advunlearn-fast (one step), or another method by its name. The table has the success rate before and under \
      every attack, UA, IRA, CRA, the Frechet distance and the time. Options come from methods.json and attacks.json \
      in the model's folder, then from --set. Finished trials are kept, so an interrupted benchmark goes on.
      """)

  @Argument(help: "Model folder.", completion: .directory)
  var model: String
  @Option(
    help: "Methods, separated by commas. `lethe list methods` names them.",
    completion: .methodList)
  var methods = "none,esd-x,esd-u,uce,advunlearn,advunlearn-fast"
  @Option(
    help: "Attacks, separated by commas, or all. `lethe list attacks` names them.",
    completion: .attackList)
  var attacks = "all"
  @OptionGroup var limit: PromptLimit
  @Option(
    help:
      "Probability, 0 to 1, that the judge must give the concept for a success. 0 asks for the first choice alone."
  )
  var threshold = 0.0
  @OptionGroup var words: BenchWords
  @OptionGroup var request: BenchRequest
  @OptionGroup var running: BenchRunOptions

  func run() throws {
    try running.common.reporting(shares: true) {
      try accept("--threshold", threshold, .share)
      let options = try running.options(model, request, words)
      var benchmark = RobustnessBenchmark(
        options,
        concepts: try words.concepts(of: options, drawing: "4,2"))
      benchmark.methods = try methods.listed("--methods")
      if attacks != "all" { benchmark.attacks = try attacks.listed("--attacks") }
      benchmark.prompts = try limit.number(usual: benchmark.prompts)
      benchmark.threshold = threshold
      try running(benchmark)
    }
  }
}
