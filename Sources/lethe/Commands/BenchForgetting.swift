import ArgumentParser
import Benchmarks
import Diffusion
import Foundation
import Reports
import Torch
import Training
import Workbench

struct BenchForgettingCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "forgetting",
    abstract:
      "Forget a class of the training data with several methods, and compare with retraining without it.",
    help: """
      Examples:
        scripts/animals-dataset
        lethe bench forgetting Models/animals --class zebra --data data/animals --jobs 2 --out runs/forgetting
        lethe bench forgetting Models/animals --class zebra --data data/animals --quick --out runs/quick

      The table has for every method: unlearning accuracy; accuracy, probability and entropy of the judge on the \
      forgotten class and on the others; Frechet distance, precision and recall against real pictures that no \
      training saw; the AUC of a membership attack; the distance to the retrained model; time and memory. \
      Options of a method come from methods.json in the model's folder, then from --set. Finished trials are \
      kept, so an interrupted benchmark goes on.
      """)

  @Argument(
    help: "Model folder with classes. Without themes.json the classes are those of --data.",
    completion: .directory)
  var model: String
  @Option(name: .customLong("class"), help: "Class to forget.", completion: .concepts)
  var concept: String
  @Option(
    help: "Folder of the captioned pictures that the model was trained on.", completion: .directory)
  var data: Place
  @Option(
    help:
      "Methods, separated by commas. Nine when left out: retrain and those that train on data. Three with --quick.",
    completion: .methodList)
  var methods: String?
  @Option(
    name: .customLong("set"),
    help: "Option of a method, METHOD.key=value, e.g. erasediff.eta=0.3. May be repeated.")
  var settings: [String] = []
  @Option(
    help:
      "Number of seeds, at least 1, with which each method is trained and its pictures drawn. 3 when left out, 1 with --quick."
  )
  var seeds: Int?
  @Option(
    help:
      "Number of seeds with which the model is retrained, the longest part. 0 leaves retraining out."
  )
  var retrainSeeds = 1
  @Option(
    help:
      "Distance n of the pictures that the model's training left out: every n-th picture of each class."
  )
  var heldOutEvery = 10
  @Option(
    help:
      "Steps of each method's first training, separated by commas, after which UA and IRA are measured too: the curve of one against the other."
  )
  var curve: String?
  @Flag(
    help: "Reduced run with fewer seeds, pictures and methods. Its results are marked as quick.")
  var quick = false
  @Option(help: "Number of denoising steps, 1 to 1000.")
  var steps = 25
  @Option(help: "Guidance scale. 1 turns guidance off.")
  var guidance = 1.5
  @OptionGroup var judges: BenchJudges
  @OptionGroup var running: BenchRunOptions

  func run() throws {
    try running.common.reporting(shares: true) {
      try accept("--seeds", seeds, .whole(1...1_000_000))
      try accept("--retrain-seeds", retrainSeeds, .whole(0...1_000_000))
      try accept("--held-out-every", heldOutEvery, .count)
      try accept("--steps", steps, .steps)
      try accept("--guidance", guidance, .guidance)
      var evaluation = EvaluationOptions()
      (evaluation.quick, evaluation.batch) = (quick, 60)
      (evaluation.seeds, evaluation.retainSeeds) = quick ? (12, 4) : (20, 10)
      (evaluation.sampling.steps, evaluation.sampling.guidance) = (steps, guidance)
      let options = try running.options(model, NamedSettings(settings), evaluation)
      var benchmark = try ForgettingBenchmark(
        options, concept: CommonOptions.spelled([concept], in: options.model)[0], data: data.url)
      benchmark.options.judges = try judges.specs()
      if let methods { benchmark.methods = try methods.listed("--methods") }
      if quick, methods == nil { benchmark.methods = ["erasediff", "salun", "finetune"] }
      (benchmark.seeds, benchmark.retrainSeeds) = (seeds ?? (quick ? 1 : 3), retrainSeeds)
      benchmark.heldOutEvery = heldOutEvery
      if let curve {
        benchmark.curve = try curve.listed("--curve").map { text in
          guard let step = Int(text), step >= 1 else {
            throw LetheError.badValue(
              "--curve", "'\(text)'; accepted: steps from 1, separated by commas")
          }
          return step
        }
      }
      try running(benchmark)
    }
  }
}
