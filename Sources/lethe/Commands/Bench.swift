import ArgumentParser
import Diffusion
import Foundation
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

  /// With several jobs, the parts are done by workers first; then `body` finds them done and makes the table.
  func callAsFunction<B: PartedBench>(_ bench: B, _ body: (B, Run) throws -> Void) throws {
    guard jobs >= 1 else { throw LetheError.badValue("--jobs", "\(jobs); at least 1") }
    let run = try common.run(at: out, seed: seed)
    var bench = bench
    bench.only = only
    if only == nil, jobs > 1 {
      let program = Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0])
      let threads = max(1, Runtime.threads / jobs)
      try Workers(jobs, program: program, threads: threads)(
        try bench.parts(), Array(CommandLine.arguments.dropFirst()), in: run)
    }
    try body(bench, run)
  }

  /// What a finished bench prints.
  func show(_ markdown: String) {
    guard !common.quiet, only == nil else { return }
    print(markdown, terminator: "")
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
      var bench = Bench(model: model, methods: methods.split(separator: ",").map(String.init))
      let drawn = try draw.map { try Bench.draw($0, from: model, seed: running.seed) } ?? []
      (bench.concepts, bench.preserve, bench.settings) = (concept + drawn, preserve, settings)
      guard !bench.concepts.isEmpty else {
        throw LetheError.badValue("bench", "give --concept or --draw")
      }
      (bench.seed, bench.options) = (running.seed, try size.options())
      bench.command = running.command
      let device = try running.common.openDevice()
      try running(bench) { bench, run in
        let results = try bench(in: run, on: device)
        if running.only == nil { print(ResultsTable.markdown(results.rows), terminator: "") }
      }
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

      Nine concepts (or as many as there are), drawn by --seed; six are managed. For each concept at each
      moment: Frechet distance to the original's pictures, judge's accuracy, perceptual distance, and
      the largest difference of a pixel. The other methods train each concept alone and are added;
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
  @Option(help: "Seed of everything random.")
  var seed: UInt64 = 0
  @Option(help: "Folder for all runs.")
  var out: String
  @OptionGroup var size: SizeOptions
  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.reporting {
      var bench = BenchSeparability(model: model)
      bench.methods = methods.split(separator: ",").map(String.init)
      switch kind {
      case "both": break
      case "object": bench.kinds = [.object]
      case "style": bench.kinds = [.style]
      default:
        throw LetheError.badValue("--kind", "'\(kind)'; accepted: object, style, both")
      }
      (bench.settings, bench.seed, bench.options) = (settings, seed, try size.options())
      bench.command = ["lethe"] + CommandLine.arguments.dropFirst()
      try bench(in: common.run(at: out, seed: seed), on: common.openDevice())
      guard !common.quiet else { return }
      print(
        try String(
          contentsOf: URL(fileURLWithPath: out).appendingPathComponent("results.md"),
          encoding: .utf8))
      print("\(out)/report.html")
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

      MeasuredValue for every method: unlearning accuracy, accuracy, probability and entropy of the judge on the
      forgotten class and on the others, Frechet distance, precision and recall against real pictures that no
      training saw, the AUC of a membership attack, the distance to the retrained model, time and memory.
      Options of the methods come from methods.json in the model's folder, then from --set. Finished parts are
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
      var bench = BenchForgetting(model: model, concept: concept, data: data)
      if let methods { bench.methods = methods.split(separator: ",").map(String.init) }
      if quick, methods == nil { bench.methods = ["erasediff", "salun", "finetune"] }
      (bench.seeds, bench.retrainSeeds) = (quick ? 1 : seeds, retrainSeeds)
      (bench.settings, bench.seed, bench.heldOutEvery) = (settings, running.seed, heldOutEvery)
      bench.options.quick = quick
      (bench.options.seeds, bench.options.retainSeeds) = quick ? (12, 4) : (20, 10)
      (bench.options.sampling.steps, bench.options.sampling.guidance) = (steps, guidance)
      bench.options.batch = 60
      bench.command = running.command
      let device = try running.common.openDevice()
      try running(bench) { running.show(try $0(in: $1, on: device).markdown) }
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

      Four objects and two styles, drawn by --seed, unless --concept names some. Methods: none, esd-x
      (cross-attention), esd-u (everything else), uce, advunlearn (PGD), advunlearn-fast (one step), or any other by
      its name. MeasuredValue: success before and under every attack, UA, IRA, CRA, Frechet distance, time. Options come
      from methods.json and attacks.json in the model's folder, then from --set. Finished parts are kept, so an
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
      var bench = BenchRobustness(model: model)
      bench.concepts =
        concept.isEmpty ? try Bench.draw(draw, from: model, seed: running.seed) : concept
      bench.methods = methods.split(separator: ",").map(String.init)
      if attacks != "all" { bench.attacks = attacks.split(separator: ",").map(String.init) }
      (bench.settings, bench.prompts, bench.threshold) = (settings, prompts, threshold)
      (bench.seed, bench.options) = (running.seed, try size.options())
      bench.command = running.command
      let device = try running.common.openDevice()
      try running(bench) { running.show(try $0(in: $1, on: device).markdown) }
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

      Three objects and a style, drawn by --seed, unless --concept names some. Each method runs plain and with
      `meta` around it; esd-u-3 is the control with a stronger base. MeasuredValue: success of the prompts after 0, 50,
      100, 200 and 300 steps on the concept and on benign pictures, area under the curve, UA, IRA, CRA, Frechet
      distance, the rise of the loss on related subjects. Options come from methods.json and attacks.json (relearn)
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
      var bench = BenchRelearning(model: model)
      bench.concepts =
        concept.isEmpty ? try Bench.draw(draw, from: model, seed: running.seed) : concept
      bench.methods = methods.split(separator: ",").map(String.init)
      (bench.settings, bench.prompts) = (settings, prompts)
      (bench.seed, bench.options) = (running.seed, try size.options())
      bench.seeds = size.quick ? 1 : repeats
      bench.command = running.command
      let device = try running.common.openDevice()
      try running(bench) { running.show(try $0(in: $1, on: device).markdown) }
    }
  }
}
