import ArgumentParser
import Benchmarks
import Diffusion
import Editing
import Foundation
import Reports
import Torch
import Training
import Workbench

struct BenchSeparabilityCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "separability",
    abstract: "Erase concepts, restore some and erase more: the scenes of SepME's Tables 2 and 3.",
    discussion: """
      Examples:
        lethe bench separability --model Models/emoji --out runs/separability
        lethe bench separability --model Models/emoji --kind object --methods sepme --quick --out runs/quick

      --seed draws nine concepts, or as many as the model lists. Six of them are erased and restored, the others \
      are never touched. For each concept at each moment the table has the Frechet distance to the original's \
      pictures, the judge's accuracy, the perceptual distance and the largest change of a pixel. SepME goes through \
      four scenes, or one with --quick. The erasers of other methods are trained alone and added up, in the first scene \
      only. Finished parts are kept, so an interrupted benchmark goes on.
      """)

  @Option(help: "Model folder with themes.json.", completion: .directory)
  var model: String
  @Option(help: "Methods, separated by commas, with sepme among them.")
  var methods = "sepme,ablation,esd"
  @Option(help: "Kind of the concepts: object, style or both.")
  var kind = "both"
  @OptionGroup var request: BenchRequest
  @OptionGroup var running: BenchRunOptions

  func run() throws {
    try running.common.reporting {
      var benchmark = SeparabilityBenchmark(
        running.options(model, request.settings, try request.size.options()))
      benchmark.methods = methods.listed
      if kind != "both" {
        // The kinds of `lethe erase --kind` that a model lists subjects of.
        guard
          let listed = ConceptKind(rawValue: kind).flatMap({ Themes.Kind(rawValue: $0.rawValue) })
        else { throw LetheError.badValue("--kind", "'\(kind)'; accepted: object, style, both") }
        benchmark.kinds = [listed]
      }
      try running(benchmark)
    }
  }
}
