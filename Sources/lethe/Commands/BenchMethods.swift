import ArgumentParser
import Benchmarks
import Diffusion
import Foundation
import Reports
import Torch
import Training
import Workbench
import Workflows

struct BenchMethods: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "methods",
    abstract: "Erase and evaluate with several methods, side by side.",
    help: """
      Examples:
        lethe bench Models/emoji --methods esd,uce --concept fox --concept "symbola style" --out runs/bench
        lethe bench Models/emoji --methods uce --concept fox --quick --out runs/quick
        lethe bench Models/emoji --draw objects=3,styles=1 --seed 1 --out runs/drawn

      Every method erases every concept alone. Finished trials are kept, so an interrupted benchmark goes on.
      """)

  @Argument(help: "Model folder.", completion: .directory)
  var model: String
  @Option(
    help: "Methods, separated by commas. `lethe list methods` names them.",
    completion: .methodList)
  var methods = "esd,uce"
  @Option(
    help:
      "Prompt to preserve, or 'others' for every other subject that the model lists. May be repeated."
  )
  var preserve: [String] = ["others"]
  @OptionGroup var words: BenchWords
  @OptionGroup var request: BenchRequest
  @OptionGroup var running: BenchRunOptions

  func run() throws {
    try running.common.reporting(shares: true) {
      let options = try running.options(model, request, words)
      var benchmark = try MethodBenchmark(
        options, methods: methods.listed("--methods"),
        concepts: try words.concepts(of: options))
      benchmark.preserve = preserve
      try running(benchmark)
    }
  }
}
