import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training
import Unlearning

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
