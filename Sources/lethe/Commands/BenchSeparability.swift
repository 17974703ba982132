import ArgumentParser
import Benchmarks
import Diffusion
import Editing
import Foundation
import Reports
import Torch
import Training
import Workbench
import Workflows

struct BenchSeparabilityCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "separability",
    abstract: "Erase concepts, restore some and erase more: the scenes of SepME's Tables 2 and 3.",
    help: """
      Examples:
        lethe bench separability Models/emoji --out runs/separability
        lethe bench separability Models/emoji --kind object --methods sepme --quick --out runs/quick
        lethe bench separability ~/sd14 --concept church --concept tench --kind object --judge clip:clip-vit-large-patch14 --out runs/free

      --seed draws nine concepts, or as many as the model lists. Six of them are erased and restored, the others \
      are never touched. For each concept at each moment the table has the Frechet distance to the original's \
      pictures, the judge's accuracy, the perceptual distance and the largest change of a pixel. SepME goes through \
      four scenes, or one with --quick. The erasers of other methods are trained alone and added up, in the first scene \
      only. Finished trials are kept, so an interrupted benchmark goes on.

      Of a model without themes.json, --concept names the first concepts; --related, or the kind's list, gives the \
      others. Each has as many distinct prompts as five times --seeds, of --prompt or of its kind, which no eraser \
      trains on.
      """)

  @Argument(help: "Model folder.", completion: .directory)
  var model: String
  @Option(help: "Methods, separated by commas, with sepme among them.", completion: .methodList)
  var methods = "sepme,ablation,esd"
  @Option(
    help:
      "Kind of the concepts: object, style or both; for those that the model does not list also artist, person or content."
  )
  var kind = "both"
  @Option(help: "Concept that comes first among the nine. May be repeated.", completion: .concepts)
  var concept: [String] = []
  @OptionGroup var judges: BenchJudges
  @OptionGroup var wording: PromptWords
  @OptionGroup var request: BenchRequest
  @OptionGroup var running: BenchRunOptions

  func run() throws {
    try running.common.reporting(shares: true) {
      var options = try running.options(
        model, NamedSettings(request.settings), request.size.options())
      options.judges = try judges.specs()
      options.request = wording.request()
      if kind != "both" {
        guard let known = ConceptKind(rawValue: kind) else {
          throw LetheError.badValue(
            "--kind",
            "'\(kind)'; accepted: both, \(ConceptKind.allCases.map(\.rawValue).joined(separator: ", "))"
          )
        }
        options.conceptKind = known
      }
      var benchmark = SeparabilityBenchmark(options)
      (benchmark.methods, benchmark.concepts) = (
        try methods.listed("--methods"),
        try CommonOptions.spelled(concept, in: options.model).once("--concept")
      )
      try running(benchmark)
    }
  }
}
