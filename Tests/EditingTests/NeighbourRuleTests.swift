// The rules of the methods that EraseDiff is compared with, on losses whose gradients are known.
import Diffusion
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training

@testable import Editing

@Suite(.serialized) struct NeighbourRuleTests {
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

  /// Specification 19.3: v = max(0.5, -<m, g> / (|m|^2 + 1e-3)).
  @Test func projectionKeepsWhatIsRemembered() throws {
    #expect(Projected.weight(mg: 3, mm: 1) == 0.5)
    #expect(abs(Projected.weight(mg: -4, mm: 2) - 4 / 2.001) < 1e-12)
    let p = Tensor([0, 0] as [Float])
    let m = Tensor([1, 1] as [Float])
    let against = RuleTests.Linear(p: p, direction: Tensor([-3, 0] as [Float]))
    let (_, g) = try gradient(Projected(Descent(against), memory: [m]), p)
    // What is left does not work against the memory.
    #expect(g[0] + g[1] > -0.01)
    #expect(abs(g[1] - Float(3 / 2.001)) < 1e-5)
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
