import Evaluation
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training
import Unlearning
import WorkbenchSupport

@testable import Recipes
@testable import Workbench
@testable import Workflows

@Suite struct OptionsTests {
  @Test func settingsReachNestedValues() throws {
    let esd = try Settings([
      "training.steps=7", "eta=2", "parameters=full", "training.optimizer.kind=sgd",
    ]).laid(over: ESD())
    #expect(esd.training.steps == 7 && esd.eta == 2 && esd.parameters == "full")
    #expect(
      esd.training.optimizer.kind == .sgd
        && esd.training.learningRate == ESD().training.learningRate)
  }

  @Test(arguments: [
    ("training.step=7", "unknown key 'training.step'; did you mean 'training.steps'?"),
    ("zzz=1", "unknown key 'zzz'; known: anchored, captions, eta"),
    ("training.steps=many", "'training.steps' is \"many\"; accepted: a whole number"),
    ("eta", "'eta' has no '='; accepted: key=value"),
    ("training.optimizer.kind=adan", "training.optimizer.kind"),
    ("=3", "--set: '=3' has no name before its '='; accepted: key=value"),
    ("training..steps=3", "--set: 'training..steps=3' has no name beside a point"),
    (".eta=3", "'.eta=3' has no name beside a point"), ("eta.=3", "'eta.=3' has no name beside"),
    (#"training={"steps": 1, "steps": 2}"#, "the key 'steps' stands there twice"),
    ("training.steps=1e99", "'training.steps' is 1e+99; accepted: a whole number"),
  ])
  func mistakesAreNamed(_ setting: String, _ expected: String) throws {
    let error = try #require(throws: LetheError.self) {
      try Settings([setting]).laid(over: ESD())
    }
    #expect(error.description.contains(expected), "\(error)")
  }

  @Test func recipesOfTheRepositoryAreReadable() throws {
    let models = Fixtures.package.appendingPathComponent("Models")
    let model = try JSON(contentsOf: models.appendingPathComponent("emoji/recipe.json")).laid(
      over: ModelRecipe(), in: "recipe")
    #expect(model.data.objects.count >= 80 && model.data.styles.count == 5)
    let judge = try JSON(contentsOf: models.appendingPathComponent("judges/emoji/recipe.json"))
      .laid(over: JudgeRecipe(), in: "recipe")
    #expect(judge.data.objects == model.data.objects)
  }

  /// Layers count at once: a preset of one leaves what another names, and objects are laid over each other member by
  /// member.
  @Test func layersAreOne() throws {
    let (file, line): (Settings, Settings) = (
      ["training": ["steps": 50], "lambda": 1e-5], ["preset": "paper", "training": ["batch": 2]]
    )
    let merged = Settings.merged([file, line])
    #expect(
      merged.json == ["training": ["steps": 50, "batch": 2], "lambda": 1e-5, "preset": "paper"])
    let model = ModelFolder(Fixtures.url("tiny-sd1").path)
    let method = try model.options(.methods, for: [], over: SepME(), set: [file, line])
    let paper = try line.laid(over: SepME())
    #expect(method.training.steps == 50 && method.lambda == 1e-5 && method.beta == paper.beta)
    #expect(paper.training.steps != 50 && paper.lambda != 1e-5)
    // The options of a method inside may come from several layers.
    var job = EraseJob(model, "advunlearn", "fox", seed: 0, command: [])
    job.preserve = ["a cat"]
    let erase = try Erase(
      job, [["options": ["trajectories": 3]]],
      over: ["base": "esd", "options": ["trajectorySteps": 7]])
    #expect(
      erase.job.options["options"]?["trajectories"] == 3
        && erase.job.options["options"]?["trajectorySteps"] == 7)
  }

  /// Former names are read in each layer by itself: the last layer that names an option wins, by whichever name, and the
  /// record says that layer. The same inside a method that wraps another.
  @Test func formerNamesFollowTheLayers() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      func erase(
        _ file: JSON, _ settings: [String], of method: String = "erasediff"
      ) throws -> Erase {
        try Data(file.compact.utf8).write(to: model.file("methods.json"))
        var job = EraseJob(model, method, "fox", seed: 0, command: [])
        job.preserve = ["others"]
        return try Erase(job, settings: settings)
      }
      func source(_ erase: Erase, _ key: String) throws -> String? {
        try erase.optionSources().first { $0.key == key }?.source
      }
      // Old over new, and new over old.
      let old = try erase(
        ["erasediff": ["lambdaRule": "paper", "eta": 2]], ["rule=fixed", "eta=3"])
      #expect(old.job.options["lambdaRule"] == "fixed" && old.job.options["lambda"] == 3)
      #expect(try source(old, "lambdaRule") == "--set" && source(old, "lambda") == "--set")
      let new = try erase(
        ["erasediff": ["rule": "fixed", "eta": 3]],
        ["lambdaRule=fixed", "lambda=0.5"])
      #expect(new.job.options["lambdaRule"] == "fixed" && new.job.options["lambda"] == 0.5)
      let file = try erase(["erasediff": ["rule": "fixed", "eta": 3]], ["training.steps=4"])
      #expect(file.job.options["lambda"] == 3 && file.job.options["lambdaRule"] == "fixed")
      #expect(try source(file, "lambda") == "methods.json")
      #expect(try source(file, "lambdaRule") == "methods.json")
      #expect(try source(file, "training.steps") == "--set")
      #expect(try source(file, "training.batch") == "default")
      // Names of all methods, in each order.
      let walks = try erase(["esd": ["trajectories": 3]], ["walks=5"], of: "esd")
      #expect(walks.job.options["trajectories"] == 5)
      #expect(try source(walks, "trajectories") == "--set")
      let later = try erase(["esd": ["walks": 3, "walkSteps": 9]], ["trajectories=5"], of: "esd")
      #expect(later.job.options["trajectories"] == 5 && later.job.options["trajectorySteps"] == 9)
      #expect(try source(later, "trajectories") == "--set")
      #expect(try source(later, "trajectorySteps") == "methods.json")
      // Inside another method: its own entry, that of the pair, and the command's, weakest first.
      let inside = try erase(
        [
          "meta": ["options": ["eta": 0.7]], "erasediff": ["lambda": 0.3, "pool": 4],
          "meta-erasediff": ["options": ["lambdaRule": "cosine"], "pull": 0.5],
        ], ["base=erasediff", "options.rule=fixed", "options.eta=4"], of: "meta")
      let options = try #require(inside.job.options["options"])
      #expect(options["lambdaRule"] == "fixed" && options["lambda"] == 4 && options["pool"] == 4)
      #expect(options["eta"] == 0.7 && options["rule"] == nil)
      #expect(try source(inside, "options.lambdaRule") == "--set")
      #expect(try source(inside, "options.lambda") == "--set")
      #expect(try source(inside, "options.pool") == "methods.json")
      #expect(try source(inside, "options.eta") == "methods.json")
      #expect(try source(inside, "options.surrogate") == "default")
      #expect(try source(inside, "pull") == "methods.json")
      // The inner method's own entry sets nothing of the outer one's.
      let outer = try erase(
        ["erasediff": ["training": ["learningRate": 0.5]]], ["base=erasediff"], of: "meta")
      #expect(try source(outer, "training.learningRate") == "default")
      let other = try erase(
        ["meta-erasediff": ["options": ["rule": "fixed", "eta": 3]]],
        ["base=erasediff", "options.lambda=2"], of: "meta")
      #expect(other.job.options["options"]?["lambda"] == 2)
      #expect(try source(other, "options.lambdaRule") == "methods.json")
      // Two names in one layer say two things.
      #expect(throws: LetheError.self) { try erase([:], ["rule=fixed", "lambdaRule=paper"]) }
      #expect(throws: LetheError.self) { try erase([:], ["walks=1", "trajectories=2"], of: "esd") }
      #expect(throws: LetheError.self) {
        try erase(
          [:], ["base=erasediff", "options.rule=paper", "options.lambdaRule=paper"], of: "meta")
      }
    }
  }

  @Test func namedSettingsBelongToTheirName() throws {
    let named = try NamedSettings(["esd.eta=2", "esd-u.eta=3"]).of(
      oneOf: ["esd", "esd-u"], "method")
    #expect(try named.of("esd") == ["eta": 2] && named.of("esd-u") == ["eta": 3])
    let error = #expect(throws: LetheError.self) {
      try NamedSettings(["uce.push=1"]).of(oneOf: ["esd"], "method")
    }
    #expect(error?.sentence.contains("'uce.push=1' names no method") == true)
    #expect(throws: LetheError.self) { try NamedSettings(["esd.eta"]) }
    // As JSON they are texts, and a text without an equals sign is refused there too.
    let written: NamedSettings = ["esd.eta": 2, "esd-u.only": [0.5]]
    #expect(try JSON(encoding: written) == ["esd.eta=2", "esd-u.only=[0.5]"])
    #expect(try JSON(encoding: written).decoded(as: NamedSettings.self) == written)
    #expect(throws: (any Error).self) { try JSON.array(["esd"]).decoded(as: NamedSettings.self) }
  }
}
