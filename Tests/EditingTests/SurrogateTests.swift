import Diffusion
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training

@testable import Editing

@Suite struct SurrogateTests {
  /// The losses are those of their formulas on the batch that the step draws, and no gradient goes through a target.
  @Test func surrogatesAreTheirFormulas() throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let drawn = try LatentSet(drawnBy: model, ["a fox", "a cat"], steps: 2, guidance: 1, seed: 1)
    let set = LatentSet(drawn.mean, captions: ["a fox", "a cat"])
    let others = ["an owl", "a bus"]
    let w = try #require(
      model.parameters[ParameterSelection.crossAttention.paths(of: model.parameters)[0]])
    w.requiresGradient = true
    defer { w.requiresGradient = false }
    for kind in Surrogate.Kind.allCases {
      var step = Step(index: 0, seed: 1)
      let loss = try Surrogate(set, kind, others: others, model, batch: 3).loss(model, &step)
      let again = Step(index: 0, seed: 1)
      let d = set.draw(3, model, again)
      func predicted(_ captions: [String]) -> Tensor {
        model.predict(d.xt, at: d.t, given: model.embed(d.picks.map { captions[$0] }))
      }
      let target =
        kind == .noise
        ? Tensor.rand(d.eps.shape, again.generator) : withoutGradients { predicted(others) }
      let expected = (predicted(set.captions) - target).squared().mean()
      #expect(abs(loss.item / expected.item - 1) < 1e-5)
      let (g, own) = (gradients(of: loss, with: [w])[0], gradients(of: expected, with: [w])[0])
      #expect(own.norm().item > 0 && g.distance(to: own) < 1e-5 * own.norm().item)
      guard kind == .relabel else { continue }
      let through = gradients(
        of: (predicted(set.captions) - predicted(others)).squared().mean(), with: [w])[0]
      #expect(through.distance(to: own) > 1e-3 * own.norm().item)
    }
    // A caption that stands for itself is no reason to change.
    var step = Step(index: 0, seed: 1)
    let same = try Surrogate(set, .relabel, others: set.captions, model, batch: 2).loss(
      model, &step)
    #expect(same.item == 0)
  }

  /// A pool's targets are the original's and stay, those of each step follow the model in training.
  @Test func poolsKeepTheOriginalsTargets() throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-ddpm"))
    let set = LatentSet(
      Tensor.randn([2, 1, 8, 8], Generator(seed: 1)), captions: ["bird", "bird"])
    let path = ParameterPath("unet.conv_in.weight")
    let trained = try model.replacing([path: 1.5 * (try #require(model.parameters[path]))])
    let fresh = Surrogate(set, .relabel, others: ["cat", "bear"], model, batch: 4)
    let pooled = try fresh.pooled(6, from: model, seed: 9)
    func error(_ d: [Int], _ xt: Tensor, _ t: Tensor, towards teacher: DiffusionModel) -> Double {
      let c = trained.predict(xt, at: t, given: trained.embed(d.map { set.captions[$0] }))
      let m = teacher.predict(xt, at: t, given: teacher.embed(d.map { ["cat", "bear"][$0] }))
      return (c - m).squared().mean().item
    }
    try withoutGradients {
      var step = Step(index: 2, seed: 1)
      let pool = set.draw(6, model, Step(index: 0, seed: 9))
      let picks = Tensor.randint(below: 6, [4], Step(index: 2, seed: 1).generator)
      let expected = error(
        picks.ints.map { pool.picks[$0] }, pool.xt.indexed(0, picks), pool.t.indexed(0, picks),
        towards: model)
      let found = try pooled.loss(trained, &step).item
      #expect(abs(found / expected - 1) < 1e-4)
      var other = Step(index: 2, seed: 1)
      let d = set.draw(4, model, Step(index: 2, seed: 1))
      let own = error(d.picks, d.xt, d.t, towards: trained)
      let perStep = try fresh.loss(trained, &other).item
      #expect(abs(perStep / own - 1) < 1e-4)
      #expect(abs(own / error(d.picks, d.xt, d.t, towards: model) - 1) > 1e-2)
    }
  }
}
