// Training a judge on a few drawings.
import Diffusion
import Evaluation
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training

@testable import Recipes
@testable import Workbench

@Suite struct TrainJudgeTests {
  /// Drawings of three objects in two styles, 16 x 16. The judge need not name the third object.
  static func data(_ folder: URL) throws {
    let g = Generator(seed: 1)
    var lines = ""
    for name in ["fox", "cat", "owl"] {
      lines += "{\"object\": \"\(name)\", \"file\": \"\(name).png\"}\n"
      for style in ["noto", "line"] {
        let place = folder.appendingPathComponent("data/\(style)")
        try Run.makeFolder(place)
        let pixels = Tensor.randint(below: 256, [16 * 16 * 3], g).ints.map { UInt8($0) }
        try PNG.write(
          Image(width: 16, height: 16, pixels: pixels), text: [],
          to: place.appendingPathComponent("\(name).png"))
      }
    }
    try Data(lines.utf8).write(to: folder.appendingPathComponent("data/objects.jsonl"))
  }

  static var recipe: JudgeRecipe {
    var recipe = JudgeRecipe()
    (recipe.data.folder, recipe.data.objects) = ("data", ["fox", "cat"])
    (recipe.data.styles, recipe.widths) = (["noto", "line"], [4, 4, 8])
    (recipe.heldOutEvery, recipe.settlingBatches) = (0, 2)
    recipe.training = Training(steps: 3, batch: 8, rate: 0.01)
    return recipe
  }

  /// A recipe of version 0.1 has the values that were constants in its code.
  @Test func recipesOfVersionOneMeanTheSame() throws {
    let old: JSON = ["kind": "judge", "name": "emoji", "widths": [16, 32, 64, 128]]
    let recipe = try old.laid(over: JudgeRecipe(), in: "recipe.json")
    #expect(recipe.styleWeight == 0.5 && recipe.smoothing == 0.02 && recipe.namedShare == 0.75)
    #expect(recipe.settlingBatches == 60 && recipe.settlingBatch == 64)
    let emoji: JSON = ["name": "emoji"]
    let model = try emoji.laid(over: ModelRecipe(), in: "recipe.json")
    #expect(model.autoencoder.mirroredShare == 0.5 && model.decoder.noise == 0.05)
  }

  /// Each value of the recipe changes the trained weights, and the same recipe gives the same weights.
  @Test func valuesOfTheRecipeCount() throws {
    Runtime.threads = 1
    try Fixtures.temporaryFolder { folder in
      try Self.data(folder)
      var count = 0
      func bytes(_ change: (inout JudgeRecipe) -> Void) throws -> Data {
        var recipe = Self.recipe
        change(&recipe)
        count += 1
        let run = try Run(folder.appendingPathComponent("run\(count)"), seed: 1)
        try TrainJudge(recipe, run, on: .cpu)(dataRoot: folder)
        return try Data(contentsOf: run.file("judge.safetensors"))
      }
      let plain = try bytes { _ in }
      #expect(try bytes { _ in } == plain)
      #expect(try bytes { $0.styleWeight = 1 } != plain)
      #expect(try bytes { $0.smoothing = 0.1 } != plain)
      #expect(try bytes { $0.namedShare = 0.25 } != plain)
      #expect(try bytes { $0.settlingBatches = 3 } != plain)
      #expect(try bytes { $0.settlingBatch = 32 } != plain)
    }
  }
}
