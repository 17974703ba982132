import Diffusion
import Editing
import Evaluation
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training
import WorkbenchSupport

@testable import Benchmarks
@testable import Recipes
@testable import Workbench
@testable import Workflows

@Suite struct TrainDDPMTests {
  private var recipe: DDPMRecipe { Squares.recipe }

  /// A run that copies its folder after some steps, as a power cut would leave it.
  private func cutting(_ folder: URL, after steps: Int, to copy: URL, seed: UInt64) throws -> Run {
    let run = try Run(folder, seed: seed)
    run.onProgress = { p in
      if p.stage == "ddpm", p.done == steps {
        try? FileManager.default.copyItem(at: folder, to: copy)
      }
    }
    return run
  }

  /// A training that was cut off ends with the same weights, to the bit, and writes a model with classes.
  @Test func trainingGoesOn() throws {
    Runtime.threads = 1
    try Fixtures.temporaryFolder { folder in
      try Squares.write(folder.appendingPathComponent("data"))
      let cut = folder.appendingPathComponent("cut")
      let whole = try cutting(
        folder.appendingPathComponent("whole"), after: 13, to: cut, seed: recipe.seed)
      try TrainDDPM(recipe, whole, on: .cpu)(dataRoot: folder)
      let part = try Run(cut, seed: recipe.seed)
      #expect(part.events().count == 13)
      try TrainDDPM(recipe, part, on: .cpu)(dataRoot: folder)
      let (a, b) = (
        try DiffusionModel.load(whole.file("model")), try DiffusionModel.load(part.file("model"))
      )
      #expect(a.hash() == b.hash() && a.classes == ["left", "middle", "right"])
      #expect(part.events().filter { $0["stage"]?.string == "ddpm" }.count == 40)
      #expect(FileManager.default.fileExists(atPath: whole.file("samples/000040.png").path))
      #expect(try Themes.load(whole.file("model"))?.objects == a.classes)
    }
  }

  @Test func aRecipeThatHoldsOutAllIsRefused() throws {
    Runtime.threads = 1
    try Fixtures.temporaryFolder { folder in
      try Squares.write(folder.appendingPathComponent("data"))
      var all = recipe
      all.data.heldOutEvery = 1
      let run = try Run(folder.appendingPathComponent("run"), seed: 1)
      let error = #expect(throws: LetheError.self) {
        try TrainDDPM(all, run, on: .cpu)(dataRoot: folder)
      }
      #expect(error?.sentence.contains("data.heldOutEvery: 1 leaves no picture") == true)
    }
  }

  /// The CIFAR-10 recipe of the literature has the published network. At a quarter of the width it starts, logs and
  /// goes on for two small steps.
  @Test func cifarRecipe() throws {
    Runtime.threads = 1
    let file = Fixtures.package.appendingPathComponent("Models/cifar10/recipe.json")
    var recipe = try JSON(contentsOf: file).laid(over: DDPMRecipe(), in: "recipe")
    #expect(recipe.training.steps == 800_000 && recipe.training.batch == 128)
    #expect(recipe.training.averaging == 0.9999 && recipe.emptyShare == 0.1)
    (recipe.training.steps, recipe.training.batch, recipe.training.logEvery) = (2, 1, 1)
    recipe.training.saveEvery = 1
    let published = recipe
    recipe.unet["block_out_channels"] = [32, 64, 64, 64]
    try Fixtures.temporaryFolder { folder in
      let place = folder.appendingPathComponent(recipe.data.folder)
      try Run.makeFolder(place)
      var records: [UInt8] = []
      for k in 0..<10 {
        records.append(UInt8(k))
        for i in 0..<3072 { records.append(UInt8((i * 7 + k * 25) % 256)) }
      }
      try Data(records).write(to: place.appendingPathComponent("data_batch_1.bin"))
      let cut = folder.appendingPathComponent("cut")
      try TrainDDPM(
        recipe,
        cutting(folder.appendingPathComponent("run"), after: 2, to: cut, seed: recipe.seed),
        on: .cpu)(dataRoot: folder)
      let run = try Run(cut, seed: recipe.seed)
      try TrainDDPM(recipe, run, on: .cpu)(dataRoot: folder)
      #expect(run.events().compactMap { $0["step"]?.int } == [0, 1])
      let model = try DiffusionModel.load(run.file("model"))
      #expect(model.classes.count == 10)
      let full = try TrainDDPM(published, run, on: .cpu).initialModel(classes: model.classes)
      #expect(full.parameters.count == 38_632_323)
    }
  }
}
