import Diffusion
import TestSupport
import Testing
import Torch
import Training

@testable import Editing

@Suite struct NegativeGuidanceTests {
  @Test func negativeGuidanceIsEquationSeven() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let states = try DenoisingStates.follow(model, ["a fox"], steps: 1, guidance: 3, seed: 1)
    let objective = NegativeGuidance(
      states, prompts: StudentPrompts(["a fox"], model, live: false), eta: 2, batch: 1)
    var step = Step(index: 0, seed: 0)
    // At the original weights eps_theta = eps_o(c), so the loss is |(1 + eta) (eps_c - eps_0)|^2.
    let expected = (3 * (states.conditional - states.reference)).squared().mean().item
    #expect(abs(try objective.loss(model, &step).item / expected - 1) < 1e-4)
    let sum = 2.0 * objective + objective
    #expect(abs(try sum.loss(model, &step).item / (3 * expected) - 1) < 1e-4)
  }
}
