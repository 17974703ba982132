import Diffusion
import Editing
import Evaluation
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training
import Unlearning
import WorkbenchSupport

@testable import Workbench
@testable import Workflows

@Suite struct ApplyTests {
  /// An erased text encoder replaces that of a model with other weights. Models of another kind are refused.
  @Test func plugIn() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      let run = folder.appendingPathComponent("adv")
      let erase = try Erase(
        Tiny.job(model, "advunlearn", "fox"),
        settings: [
          "training.steps=3", "training.learningRate=0.01", "cleanSteps=1", "adversary.steps=2",
          "retainTrajectories=2", "options.trajectories=2", "options.trajectorySteps=4",
          "guarding.limit=0",
        ])
      let eraser = try erase(in: Run(run), on: .cpu).eraser
      let base = try model.model()
      let other = try base.replacing(
        base.parameters.tensors.mapValues { $0 + 0.01 * Tensor.ones(like: $0) })
      let place = folder.appendingPathComponent("other")
      try other.save(to: place, dtype: .float32)
      let out = folder.appendingPathComponent("out")
      func plug(_ run: URL, into model: ModelFolder) throws {
        _ = try Apply(model, erasers: [], set: nil, active: nil, plugIn: run.path)(
          to: out, lora: nil, rank: nil, on: .cpu)
      }
      try plug(run, into: ModelFolder(place))
      let plugged = try DiffusionModel.load(out)
      let erased = try base.applying([eraser])
      for (path, tensor) in plugged.parameters.tensors {
        let source = path.components.first == "text_encoder" ? erased : other
        let expected = try #require(source.parameters[path])
        #expect(tensor.distance(to: expected) == 0)
      }
      // A model with another encoder, and an eraser of the U-Net, are refused.
      #expect(throws: LetheError.self) {
        try plug(run, into: ModelFolder(Fixtures.url("tiny-sd2")))
      }
      let unet = folder.appendingPathComponent("unet")
      let esd = try Erase(Tiny.job(model, "esd", "fox"), settings: Tiny.esd)
      _ = try esd(in: Run(unet), on: .cpu)
      #expect(throws: LetheError.self) { try plug(unet, into: ModelFolder(place)) }
    }
  }
}
