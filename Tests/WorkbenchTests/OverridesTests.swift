import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training
import Unlearning

@testable import Workbench

@Suite struct OverridesTests {
  @Test func settingsReachNestedValues() throws {
    let esd = try Overrides.apply(
      ["training.steps=7", "eta=2", "parameters=full", "training.optimizer.kind=sgd"], onto: ESD())
    #expect(esd.training.steps == 7 && esd.eta == 2 && esd.parameters == "full")
    #expect(
      esd.training.optimizer.kind == .sgd
        && esd.training.learningRate == ESD().training.learningRate)
  }

  @Test(arguments: [
    ("training.step=7", "unknown key 'training.step'; did you mean 'steps'?"),
    ("zzz=1", "unknown key 'zzz' Known: anchored, captions, eta"),
    ("training.steps=many", "'training.steps' should be"),
    ("eta", "not of the form key=value"),
    ("training.optimizer.kind=adan", "training.optimizer.kind"),
  ])
  func mistakesAreNamed(_ setting: String, _ expected: String) throws {
    let error = try #require(throws: LetheError.self) {
      try Overrides.apply([setting], onto: ESD())
    }
    #expect(error.description.contains(expected), "\(error)")
  }

  @Test func recipesOfTheRepositoryAreReadable() throws {
    let models = Fixtures.package.appendingPathComponent("Models")
    let model = try Overrides.read(
      models.appendingPathComponent("emoji/recipe.json"), onto: ModelRecipe())
    #expect(model.data.objects.count >= 80 && model.data.styles.count == 5)
    let judge = try Overrides.read(
      models.appendingPathComponent("judges/emoji/recipe.json"), onto: JudgeRecipe())
    #expect(judge.data.objects == model.data.objects)
  }
}
