import ArgumentParser
import Diffusion
import Foundation
import Reports
import Torch
import Training
import Workbench

/// Options for running a benchmark: seed, folder and processes.
struct BenchRunOptions: ParsableArguments {
  @Option(help: "Seed of all random draws.")
  var seed: UInt64 = 0
  @Option(help: "Folder of the benchmark. It gets all runs, results.json and report.html.")
  var out: String
  @Option(
    help:
      "Parts that run at a time, at least 1. Each is a process with an equal share of the threads; 2 or more suit small models."
  )
  var jobs = 1
  @Option(help: .hidden)
  var only: String?
  @OptionGroup var common: CommonOptions

  /// The command as the user gave it, without the options of worker processes.
  var command: [String] {
    let given = Array(CommandLine.arguments.dropFirst())
    return ["lethe"] + (given.firstIndex(of: "--only").map { Array(given[..<$0]) } ?? given)
  }

  /// The options that every benchmark takes.
  func options(
    _ model: String, _ settings: [String], _ evaluation: EvaluationOptions
  ) -> BenchmarkOptions {
    var options = BenchmarkOptions(ModelFolder(model))
    (options.settings, options.seed) = (settings, seed)
    (options.evaluation, options.command) = (evaluation, command)
    return options
  }

  /// Runs the benchmark and prints its tables as Markdown.
  func callAsFunction<B: Benchmark>(_ benchmark: B) throws {
    let run = try common.run(at: out, seed: seed, shares: only != nil)
    let runner = Runner(
      program: Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0]),
      arguments: Array(CommandLine.arguments.dropFirst()), only: only, jobs: jobs)
    let results = try runner(benchmark, in: run, on: common.openDevice())
    guard !common.quiet, only == nil else { return }
    print(try ResultsPage.content(of: results, in: run.folder).markdown, terminator: "")
    print("\n\(out)/report.html")
  }
}

/// The command `lethe bench` with one subcommand a benchmark.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Compare methods by a benchmark.",
    discussion: """
      Examples:
        lethe bench Models/emoji --methods esd,uce --concept fox --out runs/bench
        lethe bench separability --model Models/emoji --out runs/separability
        lethe bench forgetting --model Models/animals --class zebra --data data/animals --out runs/forgetting
      """,
    subcommands: [
      BenchMethods.self, BenchSeparabilityCommand.self, BenchForgettingCommand.self,
      BenchRobustnessCommand.self, BenchRelearningCommand.self,
    ],
    defaultSubcommand: BenchMethods.self)
}

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
  @Option(
    name: .customLong("set"),
    help: "Option of a method, METHOD.key=value, e.g. sepme.tolerance=1e-4. May be repeated.")
  var settings: [String] = []
  @OptionGroup var size: SizeOptions
  @OptionGroup var running: BenchRunOptions

  func run() throws {
    try running.common.reporting {
      var benchmark = SeparabilityBenchmark(
        running.options(model, settings, try size.options()))
      benchmark.methods = methods.listed
      switch kind {
      case "both": break
      case "object": benchmark.kinds = [.object]
      case "style": benchmark.kinds = [.style]
      default:
        throw LetheError.badValue("--kind", "'\(kind)'; accepted: object, style, both")
      }
      try running(benchmark)
    }
  }
}

struct BenchForgettingCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "forgetting",
    abstract:
      "Forget a class of the training data with several methods, and compare with retraining without it.",
    discussion: """
      Examples:
        scripts/animals-dataset
        lethe bench forgetting --model Models/animals --class zebra --data data/animals --jobs 2 --out runs/forgetting
        lethe bench forgetting --model Models/animals --class zebra --data data/animals --quick --out runs/quick

      The table has for every method: unlearning accuracy; accuracy, probability and entropy of the judge on the \
      forgotten class and on the others; Frechet distance, precision and recall against real pictures that no \
      training saw; the AUC of a membership attack; the distance to the retrained model; time and memory. \
      Options of a method come from methods.json in the model's folder, then from --set. Finished parts are \
      kept, so an interrupted benchmark goes on.
      """)

  @Option(help: "Model folder with classes and a judge (themes.json).", completion: .directory)
  var model: String
  @Option(name: .customLong("class"), help: "Class to forget.")
  var concept: String
  @Option(
    help: "Folder of the captioned pictures that the model was trained on.", completion: .directory)
  var data: String
  @Option(
    help:
      "Methods, separated by commas. Nine when left out: retrain and those that train on data. Three with --quick."
  )
  var methods: String?
  @Option(
    name: .customLong("set"),
    help: "Option of a method, METHOD.key=value, e.g. erasediff.eta=0.3. May be repeated.")
  var settings: [String] = []
  @Option(
    help:
      "Number of seeds, at least 1, with which each method is trained and its pictures drawn. 1 with --quick."
  )
  var seeds = 3
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
  @Flag(
    help: "Reduced run with fewer seeds, pictures and methods. Its results are marked as quick.")
  var quick = false
  @Option(help: "Number of denoising steps, 1 to 1000.")
  var steps = 25
  @Option(help: "Guidance scale. 1 turns guidance off.")
  var guidance = 1.5
  @OptionGroup var running: BenchRunOptions

  func run() throws {
    try running.common.reporting {
      guard seeds >= 1, retrainSeeds >= 0 else {
        throw LetheError.badValue(
          "--seeds, --retrain-seeds",
          "\(seeds), \(retrainSeeds); accepted: at least 1 seed, at least 0 seeds of retraining")
      }
      var evaluation = EvaluationOptions()
      (evaluation.quick, evaluation.batch) = (quick, 60)
      (evaluation.seeds, evaluation.retainSeeds) = quick ? (12, 4) : (20, 10)
      (evaluation.sampling.steps, evaluation.sampling.guidance) = (steps, guidance)
      var benchmark = ForgettingBenchmark(
        running.options(model, settings, evaluation), concept: concept, data: data)
      if let methods { benchmark.methods = methods.listed }
      if quick, methods == nil { benchmark.methods = ["erasediff", "salun", "finetune"] }
      (benchmark.seeds, benchmark.retrainSeeds) = (quick ? 1 : seeds, retrainSeeds)
      benchmark.heldOutEvery = heldOutEvery
      try running(benchmark)
    }
  }
}

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
      guard (0...1).contains(threshold), prompts > 0 else {
        throw LetheError.badValue(
          "--threshold, --prompts",
          "\(threshold), \(prompts); accepted: a threshold of 0 to 1, at least 1 prompt")
      }
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

struct BenchRelearningCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "relearning",
    abstract:
      "Erase with and without Meta-Unlearning, then fine-tune the erased models on the concept.",
    discussion: """
      Examples:
        lethe bench relearning --model Models/emoji --out runs/relearning
        lethe bench relearning --model Models/emoji --concept fox --methods esd-u-1,uce --quick --out runs/quick

      The concepts are three objects and a style that --seed draws, unless --concept names others. Each method runs \
      plain and with `meta` around it. The control esd-u-3, a stronger esd-u-1, runs plain only. The tables have the \
      success rate of the prompts after 0, 50, 100, 200 and 300 steps on the concept and on benign pictures, the area \
      under that curve, UA, IRA, CRA, the Frechet distance, and the loss on related and on unrelated subjects. Options \
      come from methods.json and attacks.json (relearn) in the model's folder, then from --set. Finished parts are \
      kept, so an interrupted benchmark goes on.
      """)

  @Option(help: "Model folder with themes.json.", completion: .directory)
  var model: String
  @Option(help: "Concept to erase, alone. May be repeated.")
  var concept: [String] = []
  @Option(
    help:
      "Numbers of objects and of styles, e.g. 3,1, that --seed draws from the model's list where --concept is left out."
  )
  var draw = "3,1"
  @Option(help: "Methods, separated by commas. `lethe list methods` names them.")
  var methods = "esd-u-1,esd-u-3,sdd,uce,rece,erasediff,advunlearn-u"
  @Option(
    name: .customLong("set"),
    help: "Option: METHOD.key=value, meta.key=value or relearn.key=value. May be repeated.")
  var settings: [String] = []
  @Option(
    help:
      "Number of fine-tunings of each model on each set of pictures, at least 1. 1 with --quick.")
  var repeats = 3
  @Option(help: "Number of prompts of each concept to judge, at least 1.")
  var prompts = 10
  @OptionGroup var size: SizeOptions
  @OptionGroup var running: BenchRunOptions

  func run() throws {
    try running.common.reporting {
      guard repeats > 0, prompts > 0 else {
        throw LetheError.badValue(
          "--repeats, --prompts", "\(repeats), \(prompts); accepted: at least 1 each")
      }
      let options = running.options(model, settings, try size.options())
      var benchmark = RelearningBenchmark(
        options,
        concepts: concept.isEmpty
          ? try options.model.drawSubjects(draw, seed: running.seed) : concept)
      benchmark.methods = methods.listed
      (benchmark.seeds, benchmark.prompts) = (size.quick ? 1 : repeats, prompts)
      try running(benchmark)
    }
  }
}

extension String {
  /// The members of a list with commas between them.
  var listed: [String] { split(separator: ",").map(String.init) }
}
