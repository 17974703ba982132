import Diffusion
import Editing
import Evaluation
import Foundation
import Torch
import Training
import WorkbenchSupport

@testable import Benchmarks
@testable import Recipes
@testable import Workbench
@testable import Workflows

/// A tiny data set and a recipe for a model of it.
enum Squares {
  /// Three classes of 8 x 8: a square at the left, in the middle, at the right.
  static func write(_ folder: URL) throws {
    let count = 30
    var pixels = [UInt8](repeating: 0, count: count * 64)
    for i in 0..<count {
      for y in 2..<6 {
        for x in 0..<3 { pixels[i * 64 + y * 8 + x + (i % 3) * 2] = 200 + UInt8(i) }
      }
    }
    try Run.makeFolder(folder)
    try NPY.write(Tensor(pixels, [count, 8, 8]), to: folder.appendingPathComponent("images.npy"))
    try NPY.write(
      Tensor((0..<count).map { $0 % 3 }, [count]), to: folder.appendingPathComponent("labels.npy"))
    try Data("left\nmiddle\nright\n".utf8).write(to: folder.appendingPathComponent("classes.txt"))
  }

  static var recipe: DDPMRecipe {
    var recipe = DDPMRecipe()
    (recipe.name, recipe.data.folder, recipe.data.heldOutEvery) = ("squares", "data", 5)
    recipe.unet = [
      "sample_size": 8, "in_channels": 1, "out_channels": 1, "block_out_channels": [8, 16],
      "layers_per_block": 1, "norm_num_groups": 4, "attention_head_dim": 8, "dropout": 0.1,
      "down_block_types": ["DownBlock2D", "AttnDownBlock2D"],
      "up_block_types": ["AttnUpBlock2D", "UpBlock2D"],
    ]
    recipe.scheduler = ["_class_name": "DDIMScheduler", "beta_schedule": "linear"]
    recipe.training.steps = 40
    (recipe.training.batch, recipe.training.learningRate) = (8, 3e-3)
    (recipe.training.averaging, recipe.training.logEvery, recipe.training.saveEvery) = (0.9, 1, 10)
    recipe.sampleEvery = 20
    return recipe
  }
}
