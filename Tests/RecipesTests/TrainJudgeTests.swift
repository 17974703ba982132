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
@testable import Workflows

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

  /// A training that was cut off ends with the same weights and running statistics, to the bit, and the same events.
  @Test func goesOn() throws {
    Runtime.threads = 1
    try Fixtures.temporaryFolder { folder in
      try Self.data(folder)
      var recipe = Self.recipe
      (recipe.training.steps, recipe.training.saveEvery) = (6, 2)
      recipe.heldOutEvery = 1
      let cut = folder.appendingPathComponent("cut")
      let whole = try Run(folder.appendingPathComponent("whole"), seed: 1)
      whole.onProgress = { p in
        if p.stage == "judge", p.done == 5 {
          try? FileManager.default.copyItem(at: whole.folder, to: cut)
        }
      }
      try TrainJudge(recipe, whole, on: .cpu)(dataRoot: folder)
      let part = try Run(cut, seed: 1)
      // A finished part is said once.
      for _ in 0..<2 { try TrainJudge(recipe, part, on: .cpu)(dataRoot: folder) }
      for name in ["judge.safetensors", "judge/judge.safetensors", "judge/reference.safetensors"] {
        #expect(
          try Data(contentsOf: whole.file(name)) == Data(contentsOf: part.file(name)), "\(name)")
      }
      let accuracies = [whole, part].map { $0.events().filter { $0["accuracy"] != nil } }
      #expect(accuracies[0].count == 2 && accuracies[0] == accuracies[1])
    }
  }

  /// Recipes that leave nothing to learn from, or name a class twice, are refused before the training.
  @Test func recipesThatTeachNothing() throws {
    Runtime.threads = 1
    try Fixtures.temporaryFolder { folder in
      try Self.data(folder)
      func refusal(_ words: String, _ change: (inout JudgeRecipe) -> Void) throws {
        var recipe = Self.recipe
        change(&recipe)
        let run = try Run(folder.appendingPathComponent("run-\(words.slug)"), seed: 1)
        let error = #expect(throws: LetheError.self) {
          try TrainJudge(recipe, run, on: .cpu)(dataRoot: folder)
        }
        #expect(error?.sentence.contains(words) == true, "\(error?.sentence ?? "")")
      }
      try refusal("heldOutEvery") { ($0.heldOutEvery, $0.data.styles) = (1, ["noto"]) }
      try refusal("'fox' comes twice") { $0.data.objects = ["fox", "fox"] }
      try refusal("'line' comes twice") { $0.data.styles = ["line", "line"] }
      try refusal("data.objects: it is empty") { $0.data.objects = [] }
      // Without styles, the pictures' folders are their classes.
      try refusal("'fix'") { ($0.data.objects, $0.data.styles) = (["fix"], []) }
      try refusal("leaves no picture") {
        ($0.heldOutEvery, $0.data.styles, $0.data.objects) = (1, [], [])
      }
      // All objects are named, and none is left that teaches styles alone.
      var all = Self.recipe
      all.data.objects = ["fox", "cat", "owl"]
      let run = try Run(folder.appendingPathComponent("all"), seed: 1)
      try TrainJudge(all, run, on: .cpu)(dataRoot: folder)
      #expect(run.runFolder.has("judge/judge.json"))
    }
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
