internal import Diffusion
internal import Foundation
internal import Torch
internal import Training

extension TrainingLoop {
  /// Draws pictures now and then with the weights as they would be kept: `samples/STEP.png`, a grid.
  /// - Parameter parameters: those that the loop trains, which the model holds
  mutating func drawSamples(
    _ prompts: [String], of model: DiffusionModel, _ parameters: [Tensor], every steps: Int,
    guidance: Double, columns: Int, in run: Run
  ) {
    every = steps
    observe = { step, kept in
      try withoutGradients {
        let current = parameters.map { $0.detached().cloned() }
        Foreach.copy(parameters, from: kept)
        defer { Foreach.copy(parameters, from: current) }
        var options = SamplingOptions()
        options.guidance = guidance
        let seeds = prompts.indices.map { UInt64($0) }
        // Weights that lead to no picture end the training by themselves.
        let images = try model.finiteImages(given: model.embed(prompts), seeds: seeds, options)
          .map { $0 ?? Image.grey(model.imageSize, model.imageSize) }
        try Run.makeFolder(run.file("samples"))
        let name = String(format: "samples/%06d.png", step)
        try PNG.write(Image.grid(images, columns: columns), to: run.file(name))
      }
    }
  }
}
