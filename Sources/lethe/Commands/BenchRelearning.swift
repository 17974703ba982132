import ArgumentParser
import Benchmarks
import Diffusion
import Foundation
import Reports
import Torch
import Training
import Workbench
import Workflows

struct BenchRelearningCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "relearning",
    abstract:
      "Erase with and without Meta-Unlearning, then fine-tune the erased models on the concept.",
    help: """
      Examples:
        lethe bench relearning Models/emoji --out runs/relearning
        lethe bench relearning Models/emoji --concept fox --methods esd-u-captions-1,uce --quick \
          --out runs/quick

      The concepts are three objects and a style that --seed draws, unless --concept names others. Each method runs \
      plain and with `meta` around it. The control esd-u-captions-3, a stronger esd-u-captions-1, runs plain only; esd-u-1 and \
      esd-u-3 have no captions and no preserved prompts, as in the paper. Methods of --controls also run inside `meta-keep` (without \
      pull and self-destruction) and `meta-ascent` (ascent without a simulated attack), and a table has Meta-Unlearning less each of them on \
      the same prompts. The tables have the success rate of the prompts after \
      0, 50, 100, 200 and 300 steps on the concept and on benign pictures, the area \
      under that curve, UA, IRA, CRA, the Frechet distance, and the loss on related and on unrelated subjects. Options \
      come from methods.json and attacks.json (relearn) in the model's folder, then from --set. Finished trials are \
      kept, so an interrupted benchmark goes on.
      """)

  @Argument(help: "Model folder.", completion: .directory)
  var model: String
  @Option(
    help: "Methods, separated by commas. `lethe list methods` names them.",
    completion: .methodList)
  var methods = "esd-u-captions-1,esd-u-captions-3,sdd,uce,rece,erasediff,advunlearn-u"
  @Option(
    help:
      "Methods of --methods whose Meta-Unlearning runs beside its two controls, separated by commas; none for no controls. esd-u-captions-1 and uce when left out.",
    completion: .methodList)
  var controls: String?
  @Option(
    help:
      "Number of fine-tunings of each model on each set of pictures, at least 1. 3 when left out, 1 with --quick."
  )
  var repeats: Int?
  @OptionGroup var limit: PromptLimit
  @OptionGroup var words: BenchWords
  @OptionGroup var request: BenchRequest
  @OptionGroup var running: BenchRunOptions

  func run() throws {
    try running.common.reporting(shares: true) {
      try accept("--repeats", repeats, .whole(1...1_000_000))
      let options = try running.options(model, request, words)
      var benchmark = RelearningBenchmark(
        options,
        concepts: try words.concepts(of: options, drawing: "3,1"))
      benchmark.methods = try methods.listed("--methods")
      if let controls {
        benchmark.controlled = controls == "none" ? [] : try controls.listed("--controls")
        if let other = benchmark.controlled.first(where: { !benchmark.methods.contains($0) }) {
          throw LetheError.badValue(
            "--controls", "'\(other)'; accepted: methods of --methods, or none")
        }
      }
      (benchmark.seeds, benchmark.prompts) = try (
        repeats ?? (request.size.quick ? 1 : 3), limit.number(usual: benchmark.prompts)
      )
      try running(benchmark)
    }
  }
}
