import ArgumentParser
import Diffusion
import Foundation
import Reports
import Torch
import Training
import Workbench

struct BenchRobustnessCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "robustness",
    abstract: "Erase with several methods and attack the erased models.",
    discussion: """
      Examples:
        lethe bench robustness --model Models/emoji --out runs/robustness
        lethe bench robustness --model Models/emoji --concept fox --methods esd-x,uce --attacks random,unlearndiff \\
          --prompts 5 --quick --out runs/quick

      The concepts are four objects and two styles that --seed draws, unless --concept names others. Methods are none \
      (the original under attack), esd-x (cross-attention), esd-u (everything else), uce, advunlearn (PGD), \
      advunlearn-fast (one step), or another method by its name. The table has the success rate before and under \
      every attack, UA, IRA, CRA, the Frechet distance and the time. Options come from methods.json and attacks.json \
      in the model's folder, then from --set. Finished parts are kept, so an interrupted benchmark goes on.
      """)

  @Option(help: "Model folder with themes.json.", completion: .directory)
  var model: String
  @Option(help: "Concept to erase, alone. May be repeated.")
  var concept: [String] = []
  @Option(
    help:
      "Numbers of objects and of styles, e.g. 3,1, that --seed draws from the model's list where --concept is left out."
  )
  var draw = "4,2"
  @Option(help: "Methods, separated by commas. `lethe list methods` names them.")
  var methods = "none,esd-x,esd-u,uce,advunlearn,advunlearn-fast"
  @Option(help: "Attacks, separated by commas, or all. `lethe list attacks` names them.")
  var attacks = "all"
  @Option(
    name: .customLong("set"),
    help: "Option of a method or attack, METHOD.key=value or ATTACK.key=value. May be repeated.")
  var settings: [String] = []
  @Option(help: "Number of prompts of each concept to attack, at least 1.")
  var prompts = 10
  @Option(
    help:
      "Probability, 0 to 1, that the judge must give the concept for a success. 0 asks for the first choice alone."
  )
  var threshold = 0.0
  @OptionGroup var size: SizeOptions
  @OptionGroup var running: BenchRunOptions

  func run() throws {
    try running.common.reporting {
      try accept("--threshold", threshold, .share)
      try accept("--prompts", prompts, .whole(1...1_000_000))
      let options = running.options(model, settings, try size.options())
      var benchmark = RobustnessBenchmark(
        options,
        concepts: concept.isEmpty
          ? try options.model.drawSubjects(draw, seed: running.seed) : concept)
      benchmark.methods = methods.listed
      if attacks != "all" { benchmark.attacks = attacks.listed }
      (benchmark.prompts, benchmark.threshold) = (prompts, threshold)
      try running(benchmark)
    }
  }
}
