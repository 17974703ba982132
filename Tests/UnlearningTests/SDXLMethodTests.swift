// Methods on SDXL: two text encoders, a pooled prompt.
import Diffusion
import Editing
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training

@testable import Unlearning

@Suite(.serialized) struct SDXLMethodTests {
  /// The model stays as it is; the concept's prediction moves; what is declared changes alone.
  @Test(arguments: ["esd", "uce", "rece", "sdd", "ablation", "sepme", "meta", "advunlearn"])
  func runs(_ name: String) throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sdxl"))
    let before = model.hash()
    let vector = try Fixtures.temporaryFolder { folder in
      try MethodContractTests.tiny(name, steps: 6).erase(
        MethodContractTests.erasure, from: model, Run(folder, seed: 1)
      ).vector
    }
    #expect(model.hash() == before && vector.norm > 0)
    let edited = try model.applying(vector)
    let x = Tensor.randn([1, 4, 8, 8], Generator(seed: 4))
    withoutGradients {
      let t = Tensor([500] as [Float])
      let a = model.predict(x, at: t, given: model.embed(["fox"]))
      #expect(a.distance(to: edited.predict(x, at: t, given: edited.embed(["fox"]))) > 1e-4)
    }
  }
}
