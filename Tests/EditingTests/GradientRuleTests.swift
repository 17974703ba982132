import Diffusion
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training

@testable import Editing

@Suite struct GradientRuleTests {
  /// A batch in parts has the gradient of the whole: for each rule, with losses that can be divided and one that
  /// cannot.
  @Test func passesOfAFewPicturesSumUp() throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-ddpm"))
    let picture = Tensor.randn([4, 1, 8, 8], Generator(seed: 1))
    let set = LatentSet(picture, captions: ["bear", "bird", "cat", "bird"])
    let w = try #require(model.parameters[ParameterPath("unet.conv_in.weight")])
    w.requiresGradient = true
    defer { w.requiresGradient = false }
    let kept = Denoising(set, model, batch: 5)
    let relabelled = Surrogate(
      set, .relabel, others: ["cat", "cat", "bear", "bear"], model, batch: 5)
    let pooled = try relabelled.pooled(7, from: model, seed: 3)
    let noise = Surrogate(set, .noise, others: set.captions, model, batch: 5)
    let whole = LinearLoss(p: w, direction: Tensor.ones(w.shape))
    for forget in [relabelled, pooled, noise] {
      func rules(_ count: Int) -> [any GradientRule] {
        [
          Bilevel(
            retain: kept, forget: forget, lambda: .paper(eta: 2), innerSteps: 1, innerRate: 1e-3,
            picturesInPass: count),
          NashBargaining(retain: kept, forget: forget, picturesInPass: count),
          Descent(forget + 0.5 * kept + 0.1 * whole, picturesInPass: count),
        ]
      }
      for (a, b) in zip(rules(0), rules(2)) {
        var (a, b, one, two) = (a, b, Step(index: 4, seed: 1), Step(index: 4, seed: 1))
        let (x, y) = (
          try a.gradient(model, over: [w], &one), try b.gradient(model, over: [w], &two)
        )
        #expect(abs(x.loss - y.loss) < 1e-5)
        #expect(x.gradients[0].distance(to: y.gradients[0]) < 1e-5 * x.gradients[0].norm().item)
        for (key, value) in one.log {
          let difference = abs(value - (two.log[key] ?? .nan))
          #expect(difference < 1e-4 * max(1, abs(value)), "\(key) \(value)")
        }
      }
    }
  }
}
