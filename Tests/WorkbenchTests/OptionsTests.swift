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
    ("training.step=7", "unknown key 'training.step'; did you mean 'steps'?"),
    ("zzz=1", "unknown key 'zzz'; known: anchored, captions, eta"),
    ("training.steps=many", "'training.steps' is \"many\"; accepted: a whole number"),
    ("eta", "'eta' has no '='; accepted: key=value"),
    ("training.optimizer.kind=adan", "training.optimizer.kind"),
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

  @Test func namedSettingsBelongToTheirName() throws {
    let named = try NamedSettings(["esd.eta=2", "esd-u.eta=3"], of: ["esd", "esd-u"], "method")
    #expect(try named.of("esd") == ["eta": 2] && named.of("esd-u") == ["eta": 3])
    let error = #expect(throws: LetheError.self) {
      try NamedSettings(["uce.push=1"], of: ["esd"], "method")
    }
    #expect(error?.sentence.contains("'uce.push=1' names no method") == true)
  }
}
