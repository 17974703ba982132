import ArgumentParser
import Diffusion
import Foundation
import Reports
import Torch
import Training
import Workbench

struct BenchMethods: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "methods",
    abstract: "Erase and evaluate with several methods, side by side.",
    discussion: """
      Examples:
        lethe bench Models/emoji --methods esd,uce --concept fox --concept "symbola style" --out runs/bench
        lethe bench Models/emoji --methods uce --concept fox --quick --out runs/quick
        lethe bench Models/emoji --draw 3,1 --seed 1 --out runs/drawn

      Every method erases every concept alone. Finished parts are kept, so an interrupted benchmark goes on.
      """)

  @Argument(help: "Model folder with themes.json.", completion: .directory)
  var model: String
  @Option(help: "Methods, separated by commas. `lethe list methods` names them.")
  var methods = "esd,uce"
  @Option(help: "Concept to erase, alone. May be repeated.")
  var concept: [String] = []
  @Option(
    help: "Numbers of objects and of styles, e.g. 3,1, that --seed draws from the model's list.")
  var draw: String?
  @Option(
    help:
      "Prompt to preserve, or 'others' for every other subject that the model lists. May be repeated."
  )
  var preserve: [String] = ["others"]
  @Option(
    name: .customLong("set"),
    help: "Option of a method, METHOD.key=value, e.g. esd.training.steps=300. May be repeated.")
  var settings: [String] = []
  @OptionGroup var size: SizeOptions
  @OptionGroup var running: BenchRunOptions

  func run() throws {
    try running.common.reporting {
      let drawn =
        try draw.map { try ModelFolder(model).drawSubjects($0, seed: running.seed) } ?? []
      guard !(concept + drawn).isEmpty else {
        throw LetheError.badValue("bench", "no concept is named; give --concept or --draw")
      }
      var benchmark = MethodBenchmark(
        running.options(model, settings, try size.options()), methods: methods.listed,
        concepts: concept + drawn)
      benchmark.preserve = preserve
      try running(benchmark)
    }
  }
}
