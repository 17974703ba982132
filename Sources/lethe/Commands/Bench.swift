import ArgumentParser
import Diffusion
import Foundation
import Reports
import Torch
import Training
import Workbench

/// How a bench runs: where it writes, and how much at a time.
struct BenchRunOptions: ParsableArguments {
  @Option(help: "Seed of everything random.")
  var seed: UInt64 = 0
  @Option(help: "Folder for all runs.")
  var out: String
  @Option(
    help:
      "Parts that run side by side, each a process with its share of the threads; for small models."
  )
  var jobs = 1
  @Option(help: .hidden)
  var only: String?
  @OptionGroup var common: CommonOptions

  /// The command as given, without what workers get.
  var command: [String] {
    let given = Array(CommandLine.arguments.dropFirst())
    return ["lethe"] + (given.firstIndex(of: "--only").map { Array(given[..<$0]) } ?? given)
  }

  /// What every benchmark is given.
  func options(
    _ model: String, _ settings: [String], _ evaluation: EvaluationOptions
  ) -> BenchmarkOptions {
    var options = BenchmarkOptions(ModelFolder(model))
    (options.settings, options.seed) = (settings, seed)
    (options.evaluation, options.command) = (evaluation, command)
    return options
  }

  /// Runs the benchmark and prints its tables.
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

/// `lethe bench`: what is compared with what.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Compare methods: each on its own, or through scenes.",
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

      Every concept is erased alone. Finished parts are kept, so an interrupted bench goes on.
      """)

  @Argument(help: "A model folder with themes.json.", completion: .directory)
  var model: String
  @Option(help: "Methods, separated by commas.")
  var methods = "esd,uce"
  @Option(help: "A concept; each is erased alone.")
  var concept: [String] = []
  @Option(help: "Objects and styles to draw by --seed from those the model lists, e.g. 3,1.")
  var draw: String?
  @Option(help: "Prompts to preserve, as for `erase`.")
  var preserve: [String] = ["others"]
  @Option(name: .customLong("set"), help: "METHOD.key=value, e.g. esd.training.steps=300.")
  var settings: [String] = []
  @OptionGroup var size: SizeOptions
  @OptionGroup var running: BenchRunOptions

  func run() throws {
    try running.common.reporting {
      let drawn =
        try draw.map { try ModelFolder(model).drawSubjects($0, seed: running.seed) } ?? []
      guard !(concept + drawn).isEmpty else {
        throw LetheError.badValue("bench", "give --concept or --draw")
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
    abstract: "Erase concepts, give some back, erase more: the scenes of SepME's Tables 2 and 3.",
    discussion: """
      Examples:
        lethe bench separability --model Models/emoji --out runs/separability
        lethe bench separability --model Models/emoji --kind object --methods sepme --quick --out runs/quick

      Nine concepts (or as many as there are), drawn by --seed; six are managed. For each concept at each \
      moment: Frechet distance to the original's pictures, judge's accuracy, perceptual distance, and \
      the largest difference of a pixel. The other methods train each concept alone and are added; \
      they go through the first scene. Finished parts are kept, so an interrupted bench goes on.
      """)

  @Option(help: "A model folder with themes.json.", completion: .directory)
  var model: String
  @Option(help: "Methods, separated by commas; sepme must be among them.")
  var methods = "sepme,ablation,esd"
  @Option(help: "object, style or both.")
  var kind = "both"
  @Option(name: .customLong("set"), help: "METHOD.key=value, e.g. sepme.tolerance=1e-4.")
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
      "Forget a class of the training data with every method, beside retraining without it.",
    discussion: """
      Examples:
        scripts/animals-dataset
        lethe bench forgetting --model Models/animals --class zebra --data data/animals --jobs 2 --out runs/forgetting
        lethe bench forgetting --model Models/animals --class zebra --data data/animals --quick --out runs/quick

      MeasuredValue for every method: unlearning accuracy, accuracy, probability and entropy of the judge on the \
      forgotten class and on the others, Frechet distance, precision and recall against real pictures that no \
      training saw, the AUC of a membership attack, the distance to the retrained model, time and memory. \
      Options of the methods come from methods.json in the model's folder, then from --set. Finished parts are \
      kept, so an interrupted bench goes on.
      """)

  @Option(help: "A model with classes and a judge (themes.json).", completion: .directory)
  var model: String
  @Option(name: .customLong("class"), help: "The class to forget.")
  var concept: String
  @Option(help: "The pictures that the model was trained on.", completion: .directory)
  var data: String
  @Option(help: "Methods, separated by commas; all that apply when left out, three with --quick.")
  var methods: String?
  @Option(name: .customLong("set"), help: "METHOD.key=value, e.g. erasediff.eta=0.3.")
  var settings: [String] = []
  @Option(help: "Seeds of every method's training and pictures.")
  var seeds = 3
  @Option(help: "Seeds of retraining, which takes longest.")
  var retrainSeeds = 1
  @Option(help: "Every n-th picture of a class that the model's training left out.")
  var heldOutEvery = 10
  @Flag(help: "A reduced run, marked as such in its results.")
  var quick = false
  @Option(help: "Denoising steps.")
  var steps = 25
  @Option(help: "Guidance scale.")
  var guidance = 1.5
  @OptionGroup var running: BenchRunOptions

  func run() throws {
    try running.common.reporting {
      guard seeds >= 1, retrainSeeds >= 0 else {
        throw LetheError.badValue("--seeds", "\(seeds); at least 1")
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
    abstract: "Erase with several methods and try to get the concepts back with every attack.",
    discussion: """
      Examples:
        lethe bench robustness --model Models/emoji --out runs/robustness
        lethe bench robustness --model Models/emoji --concept fox --methods esd-x,uce --attacks random,unlearndiff \\
          --prompts 5 --quick --out runs/quick

      Four objects and two styles, drawn by --seed, unless --concept names some. Methods: none, esd-x \
      (cross-attention), esd-u (everything else), uce, advunlearn (PGD), advunlearn-fast (one step), or any other by \
      its name. MeasuredValue: success before and under every attack, UA, IRA, CRA, Frechet distance, time. Options come \
      from methods.json and attacks.json in the model's folder, then from --set. Finished parts are kept, so an \
      interrupted bench goes on.
      """)

  @Option(help: "A model folder with themes.json.", completion: .directory)
  var model: String
  @Option(help: "A concept; each is erased alone.")
  var concept: [String] = []
  @Option(help: "Objects and styles to draw by --seed where no concept is named.")
  var draw = "4,2"
  @Option(help: "Methods, separated by commas.")
  var methods = "none,esd-x,esd-u,uce,advunlearn,advunlearn-fast"
  @Option(help: "Attacks, separated by commas, or all.")
  var attacks = "all"
  @Option(name: .customLong("set"), help: "METHOD.key=value or ATTACK.key=value.")
  var settings: [String] = []
  @Option(help: "Prompts of each concept to attack.")
  var prompts = 10
  @Option(help: "Probability that the judge must give the concept, 0 to 1.")
  var threshold = 0.0
  @OptionGroup var size: SizeOptions
  @OptionGroup var running: BenchRunOptions

  func run() throws {
    try running.common.reporting {
      guard (0...1).contains(threshold), prompts > 0 else {
        throw LetheError.badValue("bench", "--threshold is 0 to 1, --prompts at least 1")
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
    abstract: "Erase, plain and inside Meta-Unlearning, and fine-tune on what was erased.",
    discussion: """
      Examples:
        lethe bench relearning --model Models/emoji --out runs/relearning
        lethe bench relearning --model Models/emoji --concept fox --methods esd-u-1,uce --quick --out runs/quick

      Three objects and a style, drawn by --seed, unless --concept names some. Each method runs plain and with \
      `meta` around it; esd-u-3 is the control with a stronger base. MeasuredValue: success of the prompts after 0, 50, \
      100, 200 and 300 steps on the concept and on benign pictures, area under the curve, UA, IRA, CRA, Frechet \
      distance, the rise of the loss on related subjects. Options come from methods.json and attacks.json (relearn) \
      in the model's folder, then from --set. Finished parts are kept, so an interrupted bench goes on.
      """)

  @Option(help: "A model folder with themes.json.", completion: .directory)
  var model: String
  @Option(help: "A concept; each is erased alone.")
  var concept: [String] = []
  @Option(help: "Objects and styles to draw by --seed where no concept is named.")
  var draw = "3,1"
  @Option(help: "Methods, separated by commas.")
  var methods = "esd-u-1,esd-u-3,sdd,uce,rece,erasediff,advunlearn-u"
  @Option(name: .customLong("set"), help: "METHOD.key=value, meta.key=value or relearn.key=value.")
  var settings: [String] = []
  @Option(help: "Fine-tunings of each model on each set.")
  var repeats = 3
  @Option(help: "Prompts of each concept to judge.")
  var prompts = 10
  @OptionGroup var size: SizeOptions
  @OptionGroup var running: BenchRunOptions

  func run() throws {
    try running.common.reporting {
      guard repeats > 0, prompts > 0 else {
        throw LetheError.badValue("bench", "--repeats and --prompts are at least 1")
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
  /// Members of a list that is separated by commas.
  var listed: [String] { split(separator: ",").map(String.init) }
}
