import Diffusion
import TestSupport
import Testing
import Torch
import TorchNN
import Training

@testable import Editing

@Suite struct CollapseGuardTests {
  @Test func driftIsZeroAtTheOriginal() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let states = try DenoisingStates.follow(model, ["a fox"], steps: 4, guidance: 3, seed: 1)
    let watch = CollapseGuard(states, prompts: ["a fox"], limit: 1)
    #expect(watch.drift(model) < 1e-8)
    let broken = try model.replacing([
      ParameterPath("unet.conv_out.weight"): Tensor.zeros([4, 8, 3, 3])
    ])
    #expect(watch.drift(broken) > 0.5)
  }
}
