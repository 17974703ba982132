internal import Diffusion
internal import Foundation
internal import Torch
internal import Training

extension TrainingLoop {
  /// Draws a grid of pictures, `samples/STEP.png`, every few steps, with the weights that the loop would keep.
  /// - Parameter parameters: the model's tensors that the loop trains
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
