import Diffusion
import Foundation
import Pictures
import TestSupport
import Testing
import Torch
import Training
import Workbench
import Workflows

@testable import Recipes

@Suite struct TrainingClaimTests {
  /// A recipe's folder, finished or not, is not that of another, and data that changed make another.
  @Test func trainingsBelongToTheirRecipe() throws {
    Runtime.threads = 1
    try Fixtures.temporaryFolder { folder in
      try TrainJudgeTests.data(folder)
      let run = try Run(folder.appendingPathComponent("run"), seed: 1)
      func train(_ change: (inout JudgeRecipe) -> Void = { _ in }) throws {
        var recipe = TrainJudgeTests.recipe
        change(&recipe)
        try TrainJudge(recipe, run, on: .cpu)(dataRoot: folder)
      }
      try train()
      let file = run.file("judge/judge.safetensors")
      let before = try Data(contentsOf: file)
      try train()
      let error = #expect(throws: LetheError.self) { try train { $0.smoothing = 0.3 } }
      #expect(error?.kind == .request && error?.sentence.contains("recipe.smoothing") == true)
      #expect(try Data(contentsOf: file) == before)
      // Nothing says of which recipe a finished folder of version 0.1 is.
      try FileManager.default.removeItem(at: run.file("identity.json"))
      #expect(throws: LetheError.self) { try train { $0.smoothing = 0.3 } }
      #expect(try Data(contentsOf: file) == before)
      try FileManager.default.removeItem(at: run.file("judge"))
      try FileManager.default.removeItem(at: run.file("judge.safetensors"))
      try train()
      try PNG.write(Image.grey(16, 16), to: folder.appendingPathComponent("data/noto/new.png"))
      let other = #expect(throws: LetheError.self) { try train() }
      #expect(other?.sentence.contains("'data.") == true)
    }
  }
}
