// The rules of the methods that EraseDiff is compared with, on losses whose gradients are known.
import Diffusion
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training

@testable import Editing

@Suite struct NeighbourRuleTests {
  private func gradient(_ rule: any GradientRule, _ p: Tensor) throws -> (Double, [Float]) {
    let model = try DiffusionModel.load(Fixtures.url("tiny-ddpm"))
    p.requiresGradient = true
    defer { p.requiresGradient = false }
    var (rule, step) = (rule, Step(index: 0, seed: 1))
    let found = try rule.gradient(model, over: [p], &step)
    return (found.loss, found.gradients[0].floats)
  }

  /// Specification 19.3: the penalty's gradient is 2 lambda F (theta - theta*).
  @Test func elasticPullsBack() throws {
    let p = Tensor([3, -1] as [Float])
    let zero = RuleTests.Linear(p: p, direction: Tensor([0, 0] as [Float]))
    let rule = ElasticWeightConsolidation(
      Descent(zero), fisher: [Tensor([0.5, 2] as [Float])], anchor: [Tensor([1, 1] as [Float])],
      lambda: 10)
    let (loss, g) = try gradient(rule, p)
    // Away from the anchor by (2, -2): 20 F (2, -2), and 10 (0.5 4 + 2 4).
    #expect(g == [20, -80] as [Float])
    #expect(loss == 100)
  }

  /// v = max(0.5, -<m, g> / (|m|^2 + 1e-3)) where <m, g> < 0; nothing where the two do not oppose each other.
  @Test func projectionKeepsWhatIsRemembered() throws {
    #expect(Projected.weight(mg: 3, mm: 1) == 0)
    #expect(Projected.weight(mg: 0, mm: 1) == 0)
    #expect(Projected.weight(mg: -0.1, mm: 1) == 0.5)
    #expect(abs(Projected.weight(mg: -4, mm: 2) - 4 / 2.001) < 1e-12)
    let p = Tensor([0, 0] as [Float])
    let m = Tensor([1, 1] as [Float])
    let along = RuleTests.Linear(p: p, direction: Tensor([3, 0] as [Float]))
    #expect(try gradient(Projected(Descent(along), memory: [m]), p).1 == [3, 0])
    let against = RuleTests.Linear(p: p, direction: Tensor([-3, 0] as [Float]))
    let (_, g) = try gradient(Projected(Descent(against), memory: [m]), p)
    // The rest of the gradient does not work against the memory.
    #expect(g[0] + g[1] > -0.01)
    #expect(abs(g[1] - Float(3 / 2.001)) < 1e-5)
  }

  /// A batch in parts has the gradient of the whole: for each rule, with losses that can be divided and one that cannot.
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
    let whole = RuleTests.Linear(p: w, direction: Tensor.ones(w.shape))
    for forget in [relabelled, pooled, noise] {
      func rules(_ count: Int) -> [any GradientRule] {
        [
          Bilevel(
            retain: kept, forget: forget, rule: .paper, eta: 2, innerSteps: 1, innerRate: 1e-3,
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

  /// The closed form solves (G^T G) alpha = 1 / alpha.
  @Test func bargainSolvesItsEquations() throws {
    let g = Generator(seed: 5)
    for _ in 0..<20 {
      let (a, b) = (Tensor.randn([6], g).to(.float64), Tensor.randn([6], g).to(.float64))
      let (rr, ff, rf) = ((a * a).sum().item, (b * b).sum().item, (a * b).sum().item)
      let alpha = NashBargaining.weights(rr: rr, ff: ff, rf: rf)
      #expect(abs(rr * alpha.r + rf * alpha.f - 1 / alpha.r) < 1e-9 / alpha.r)
      #expect(abs(rf * alpha.r + ff * alpha.f - 1 / alpha.f) < 1e-9 / alpha.f)
    }
    // Players who want opposite things do not run away.
    let opposed = NashBargaining.weights(rr: 1, ff: 1, rf: -1)
    #expect(opposed.r == 10 && opposed.f == 10)
    #expect(NashBargaining.weights(rr: 4, ff: 0, rf: 0) == (r: 0.5, f: 0))
    let p = Tensor([0, 0] as [Float])
    let rule = NashBargaining(
      retain: RuleTests.Linear(p: p, direction: Tensor([2, 0] as [Float])),
      forget: RuleTests.Linear(p: p, direction: Tensor([0, 5] as [Float])))
    #expect(try gradient(rule, p).1 == [1, 1])
  }
}
