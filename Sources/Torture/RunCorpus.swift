// Readers of what commands leave behind, and of options.
import Attacks
import Diffusion
import Editing
import Evaluation
import Foundation
import Recipes
import Torch
import TorchNN
import Training
import Unlearning
import Workbench
import Workflows
import YAML

extension Corpus {
  /// Themes, judges and their features.
  func judges() throws -> [Format] {
    let model = try copied("tiny-sd1", as: "judged")
    try copy("version-0.1/themes.json", to: model, "themes.json")
    let judge = try copied("version-0.1/judge", as: "judge")
    func readJudge() throws {
      let network = try JudgeNetwork.load(judge)
      let side = max(1, min(64, network.card.size))
      _ = try network.judged(Tensor.zeros([1, 3, side, side]), asked: [["object": "fox"]])
      _ = try network.reference(in: judge)
    }
    return [
      try format("themes.json", 6, model, "themes.json", { $0.jsonFile($1) }) { draw in
        guard let themes = try Themes.load(model) else { return }
        let names =
          (themes.objects + themes.styles.map { "\($0) style" }).prefix(5) + ["other words"]
        for name in names {
          _ = Concept.resolve(name, in: themes, replacement: draw.oneIn(2) ? "owl" : nil)
          _ = Erasure.others(than: [name], in: themes)
        }
        if let pair = themes.pairs.first {
          _ = themes.prompt(object: pair.object, style: pair.style)
        }
        _ = try ModelFolder(model).drawSubjects("1,1", seed: 1)
      },
      try format("judge.json", 4, judge, "judge.json", { $0.jsonFile($1) }) { _ in try readJudge()
      },
      try format("judge.safetensors", 2, judge, "judge.safetensors", { $0.safetensors($1) }) { _ in
        try readJudge()
      },
      try format("reference.safetensors", 3, judge, "reference.safetensors", { $0.safetensors($1) })
      {
        _ in try readJudge()
      },
    ]
  }

  /// Files of runs, sets and benchmarks.
  func runs() throws -> [Format] {
    let run = try copied("version-0.1/run", as: "run")
    let set = try copied("version-0.1/set", as: "set")
    let bench = try copied("version-0.1/bench-robustness", as: "bench")
    func report(_ folder: URL) throws { _ = try WriteReport(RunFolder(folder))() }
    func readRun() throws {
      let folder = RunFolder(run)
      _ = try folder.job()
      _ = try folder.verdict()
      _ = folder.provenance()
      try report(run)
    }
    let verdict = Data(#"{"keptWhole": {}}"#.utf8)
    let identity = RunIdentity("erase", ["model": "x", "seed": 1])
    return [
      try format("job.json", 3, run, "job.json", { $0.jsonFile($1) }) { _ in try readRun() },
      try format("results.json", 4, run, "results.json", { $0.jsonFile($1) }) { _ in try readRun()
      },
      try format("results of a benchmark", 2, bench, "results.json", { $0.jsonFile($1) }) { _ in
        try report(bench)
      },
      try format("events.jsonl", 2, run, "events.jsonl", { $0.lines($1) }) { _ in try readRun() },
      try format("provenance.json", 1, run, "provenance.json", { $0.jsonFile($1) }) { _ in
        try readRun()
      },
      try format("verdict.json", 1, run, "verdict.json", { $0.jsonFile($1) }, more: [verdict]) {
        _ in
        try readRun()
      },
      try format(
        "identity.json", 2, run, "identity.json", { $0.jsonFile($1) },
        more: [Data(try JSON(encoding: identity).pretty.utf8)]
      ) { _ in _ = try RunFolder(run).claim(identity) },
      try format("manifest.json", 4, run, "erased/manifest.json", { $0.jsonFile($1) }) { _ in
        let folder = run.appendingPathComponent("erased")
        let samples = try SampleSet(folder)
        _ = try? samples.parted()
        _ = try CaptionedImages(folder: folder)
        try readRun()
      },
      try format("erasers.json", 2, set, "erasers.json", { $0.jsonFile($1) }) { _ in
        let erasers = try EraserSet(set)
        for entry in erasers.card.entries.prefix(5) { _ = erasers.file(entry.name) }
      },
    ]
  }

  // MARK: - Options

  private static let recipes: [(JSON, String)] = [
    ((try? JSON(encoding: ModelRecipe())) ?? [:], "stable-diffusion"),
    ((try? JSON(encoding: DDPMRecipe())) ?? [:], "ddpm"),
    ((try? JSON(encoding: JudgeRecipe())) ?? [:], "judge"),
  ]

  private static let yaml = """
    # A request.
    model: &a Models/emoji
    method: esd
    concepts: [fox, "noto style"]
    preserve:
      - others
      - 'a cat'
    options: {training: {steps: 3, learningRate: 1e-5}, eta: 1.5}
    wording:
      prompts: |
        a fox
    seed: 18446744073709551615
    additions: {variant: *a}
    """

  func options() throws -> [Format] {
    let place = try folder("options")
    let (methods, attacks) = (MethodCatalog.builtIn, AttackCatalog.builtIn)
    func encoded(_ method: any UnlearningMethod) throws -> Data {
      func make<M: UnlearningMethod>(_ method: M) throws -> JSON { try JSON(encoding: method) }
      return Data(try JSON.object([type(of: method).name: make(method)]).pretty.utf8)
    }
    return [
      try format(
        "methods.json", 4, place, "methods.json", { $0.jsonFile($1) },
        more: try methods.names.map { try encoded(methods.method($0)) }
      ) { _ in
        let json = try JSON(contentsOf: place.appendingPathComponent("methods.json"))
        for (name, options) in (json.members ?? [:]).sorted(by: { $0.key < $1.key }).prefix(3) {
          _ = try methods.method(name, options)
        }
      },
      try format(
        "attacks.json", 2, place, "attacks.json", { $0.jsonFile($1) },
        more: try attacks.names.map { name in
          Data(try JSON.object([name: JSON(encoding: attacks.named(name).init())]).pretty.utf8)
        }
      ) { _ in
        let folder = ModelFolder(place)
        for name in attacks.names { _ = try AttackRun.configured(name, [], of: folder) }
      },
      try format(
        "settings", 3, place, "set.txt", { $0.text($1) },
        more: [
          Data("training.steps=3 trajectories=2 guarding.limit=0.5 preserveTrajectories=4".utf8)
        ]
      ) { _ in
        let text = try InputFile.text(place.appendingPathComponent("set.txt"))
        _ = try Settings(text.split(separator: " ").map(String.init)).laid(over: ESD())
      },
      try format(
        "request in YAML", 3, place, "request.yaml", { $0.text($1) }, more: [Data(Self.yaml.utf8)]
      ) { _ in
        let file = place.appendingPathComponent("request.yaml")
        let text = try YAMLText(contentsOf: file)
        do { _ = try EraseJob.read(file, text.json) } catch let error as LetheError {
          throw text.located(error)
        }
      },
      try format(
        "recipe", 3, place, "recipe.json", { $0.jsonFile($1) },
        more: Self.recipes.map { Data($0.0.pretty.utf8) }
      ) { _ in
        let json = try JSON(contentsOf: place.appendingPathComponent("recipe.json"))
        switch json["kind"]?.string {
        case "ddpm": _ = try json.laid(over: DDPMRecipe(), in: "recipe.json")
        case "judge": _ = try json.laid(over: JudgeRecipe(), in: "recipe.json")
        default: _ = try json.laid(over: ModelRecipe(), in: "recipe.json")
        }
      },
    ]
  }
}
