import Diffusion
import Editing
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training

@testable import Unlearning

@Suite struct RetrainTests {
  /// Retraining begins with new weights.
  @Test func retrainBeginsAnew() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-ddpm"))
    try Fixtures.temporaryFolder { folder in
      try ThreeClasses.data(folder)
      var method = Retrain()
      method.training.steps = 0
      let run = try Run(folder.appendingPathComponent("run"), seed: 4)
      let fresh = try model.applying(
        method.erase(ThreeClasses.erasure(folder), from: model, run).vector)
      let expected = try model.initial(seed: run.seed &+ 9)
      for path in expected.parameters.paths {
        let (a, b) = (try #require(fresh.parameters[path]), try #require(expected.parameters[path]))
        #expect(a.distance(to: b) < 1e-5)
      }
      let unet = try model.initialUNet(seed: run.seed &+ 9)
      #expect(unet.count == expected.parameters.paths.count)
      #expect(unet.allSatisfy { expected.parameters[$0]?.isIdentical(to: $1) == true })
    }
  }
}
