import Diffusion
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training

@testable import Editing

@Suite struct BilevelTests {
  /// The worked examples of the specification (19.3): g_r = (1, 0), g_f = (-1, 1), eta = 0.1.
  @Test func lambdaOfTheTheorem() {
    let lambda = Bilevel.Lambda.paper(eta: 0.1).value(rf: -1, rr: 1, ff: 2)
    #expect(abs(lambda - 0.6) < 1e-12)
    // delta = (0.4, 0.6): <g_f, delta> = 0.2 = eta |g_f|^2
    let delta = (1 - lambda, lambda)
    #expect(abs(-delta.0 + delta.1 - 0.2) < 1e-12)
    #expect(abs(Bilevel.Lambda.cosine(eta: 0.1).value(rf: -1, rr: 1, ff: 2) - 0.8071) < 1e-4)
    #expect(Bilevel.Lambda.fixed(0.1).value(rf: -1, rr: 1, ff: 2) == 0.1)
    // Equal gradients need no help, and a vanished one has none to give.
    for eta in [0.1, 0.5, 1] {
      #expect(Bilevel.Lambda.paper(eta: eta).value(rf: 3, rr: 3, ff: 3) == 0)
    }
    #expect(Bilevel.Lambda.paper(eta: 0.1).value(rf: 0, rr: 1, ff: 0) == 0)
  }

  /// In the optimizer's metric: g_r = (1, 0), g_f = (-1, 1), P = (4, 1), eta 0.1. <g_r, P g_f> = -4 and <g_f, P g_f> = 5,
  /// so lambda = 0.1 + 4/5, delta = (0.1, 0.9), and <g_f, P delta> = -0.4 + 0.9 = 0.5 = eta . 5. The paper's rule would take
  /// lambda 0.6, delta (0.4, 0.6) and raise L_f by 1. Before the first step P is 1 and it is the paper's; an optimizer
  /// without P is refused.
  @Test func lambdaInTheOptimizersMetric() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-ddpm"))
    let p = Tensor.zeros([2])
    p.requiresGradient = true
    var rule = Bilevel(
      retain: LinearLoss(p: p, direction: Tensor([1, 0] as [Float])),
      forget: LinearLoss(p: p, direction: Tensor([-1, 1] as [Float])),
      lambda: .preconditioned(eta: 0.1))
    var step = Step(index: 1, seed: 1)
    step.preconditioner = { [Tensor([4, 1] as [Float])] }
    let found = try rule.gradient(model, over: [p], &step).gradients[0]
    #expect(found.distance(to: Tensor([0.1, 0.9] as [Float])) < 1e-6)
    #expect(abs((step.log["lambda"] ?? 0) - 0.9) < 1e-6)
    step.preconditioner = { nil }
    let refused = #expect(throws: LetheError.self) { try rule.gradient(model, over: [p], &step) }
    #expect(refused?.kind == .request && refused?.sentence.contains("lambdaRule") == true)
    step.preconditioner = { [] }
    let first = try rule.gradient(model, over: [p], &step).gradients[0]
    #expect(first.distance(to: Tensor([0.4, 0.6] as [Float])) < 1e-6)
    // The diagonal is Adam's own: with v = 16 and 1 after steps of (4, 1), P = (1/4, 1).
    var adam = Adam(.init(), decoupled: false)
    #expect(adam.preconditioner?.isEmpty == true)
    let weights = Tensor.zeros([2])
    adam.step([weights], [Tensor([4, 1] as [Float])], rate: 0.1)
    adam.step([weights], [Tensor([4, 1] as [Float])], rate: 0.1)
    let diagonal = try #require(adam.preconditioner)
    #expect(diagonal.count == 1)
    #expect(diagonal[0].distance(to: Tensor([0.25, 1] as [Float])) < 1e-5)
  }

  /// Adam's first step along delta is its signs, P = 1 / |delta|. With g_r = (1, 0), g_f = (-1, 1), eta 0.1 and lambda = 1 + x
  /// delta is (-x, 1 + x), and <g_f, d> = 2 >= 0.1 (1 / x + 1 / (1 + x)) from x = 0.0525 on. For lambda below 1 the signs
  /// cancel out: <g_f, d> = 0.
  @Test func lambdaOfAdamsFirstStep() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-ddpm"))
    let p = Tensor.zeros([2])
    p.requiresGradient = true
    var rule = Bilevel(
      retain: LinearLoss(p: p, direction: Tensor([1, 0] as [Float])),
      forget: LinearLoss(p: p, direction: Tensor([-1, 1] as [Float])), lambda: .adam(eta: 0.1))
    var step = Step(index: 0, seed: 1)
    let adam = Adam(.init(), decoupled: false)
    step.trial = { adam.trial }
    let found = try rule.gradient(model, over: [p], &step).gradients[0].floats
    let lambda = try #require(step.log["lambda"])
    #expect(lambda >= 1.0525 && lambda < 1.0525 * 1.011, "\(lambda)")
    #expect(abs(Double(found[0]) - (1 - lambda)) < 1e-6 && abs(Double(found[1]) - lambda) < 1e-6)
    step.trial = { nil }
    let refused = #expect(throws: LetheError.self) { try rule.gradient(model, over: [p], &step) }
    #expect(refused?.kind == .request && refused?.sentence.contains("'adam' needs") == true)
  }

  /// After steps that raised L_f most of Adam's step is older gradients. The rule of the whole step makes L_f fall all the
  /// same, by eta of the step along P g_f and hardly more; that of this step's own share does not. The trial is the step
  /// that is taken, of both kinds of weight decay.
  @Test(arguments: [false, true]) func lambdaOfTheWholeStep(_ decoupled: Bool) throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-ddpm"))
    let (g, rate, eta) = (Tensor([-1, 1, 0.5] as [Float]), 0.01, 0.2)
    func fall(_ lambda: Bilevel.Lambda) throws -> (fall: Double, least: Double, lambda: Double) {
      let p = Tensor([0.5, -1, 2] as [Float])
      var adam = Adam(.init(.adamw, weightDecay: 0.1), decoupled: decoupled)
      for _ in 0..<5 { adam.step([p], [Tensor([1, -1, 0.3] as [Float])], rate: rate) }
      p.requiresGradient = true
      var rule = Bilevel(
        retain: LinearLoss(p: p, direction: Tensor([0.2, 0.1, 0.1] as [Float])),
        forget: LinearLoss(p: p, direction: g), lambda: lambda)
      var step = Step(index: 5, seed: 1)
      step.trial = { [adam] in adam.trial }
      step.preconditioner = { [adam] in adam.preconditioner }
      let delta = try rule.gradient(model, over: [p], &step).gradients
      p.requiresGradient = false
      let next = try #require(adam.trial)
      let trial = next(0, p, delta[0])
      let before = p.cloned()
      adam.step([p], delta, rate: rate)
      let moved = before - p
      #expect(moved.distance(to: rate * trial.d) < 1e-6)
      let found = try #require(step.log["lambda"])
      let (fall, least) = ((g * moved).sum().item / rate, (g * trial.p * g).sum().item)
      return (fall, eta * least, found)
    }
    let own = try fall(.preconditioned(eta: eta))
    #expect(own.fall < 0)
    let whole = try fall(.adam(eta: eta))
    #expect(whole.fall >= whole.least - 1e-4 && whole.fall < 1.1 * whole.least, "\(whole)")
    #expect(whole.lambda > own.lambda)
  }

  /// The least lambda lies within a hundredth above the crossing; none is needed where the inequality holds as it is.
  @Test func theSearchEndsAboveTheCrossing() {
    for crossing in [1e-3, 0.1, 0.7, 3, 500] {
      let found = Bilevel.least { $0 - crossing }
      #expect(found >= crossing && found <= 1.011 * crossing + 1e-4, "\(found)")
    }
    #expect(Bilevel.least { $0 } == 0 && Bilevel.least { _ in .nan } == 0)
    #expect(Bilevel.least { _ in -1 } == 1024)
  }

  /// g_f beside delta, P and P g_f, the gradient of the last pass, the parameters before a look.
  @Test func listsOfAStep() {
    func lists(_ lambda: Bilevel.Lambda, _ innerSteps: Int = 0, _ picturesInPass: Int = 0) -> Int {
      Bilevel.lists(lambda, innerSteps: innerSteps, picturesInPass: picturesInPass)
    }
    for lambda in [Bilevel.Lambda.paper(eta: 1), .fixed(1), .cosine(eta: 1), .adam(eta: 1)] {
      #expect(lists(lambda) == 1 && lists(lambda, 0, 4) == 2)
      #expect(lists(lambda, 1) == 2 && lists(lambda, 1, 4) == 3)
    }
    #expect(lists(.preconditioned(eta: 1)) == 3 && lists(.preconditioned(eta: 1), 1, 4) == 3)
    let p = Tensor.zeros([1])
    let loss = LinearLoss(p: p, direction: p)
    let rules: [(any GradientRule, Int)] = [
      (Bilevel(retain: loss, forget: loss, lambda: .paper(eta: 1)), 1), (Descent(loss), 0),
      (Descent(loss, picturesInPass: 2), 1), (NashBargaining(retain: loss, forget: loss), 1),
      (Masked(Descent(loss), [p]), 1), (Projected(Descent(loss), memory: [p]), 0),
    ]
    for (rule, expected) in rules { #expect(rule.furtherLists == expected, "\(rule)") }
  }

  /// A training of p from (3, 4) on L_f = |p|^2 / 2 alone, 40 steps at most, with a line of the log in every fourth: p at
  /// its end, the gaps by step, and the steps that are done.
  private func course(
    innerSteps: Int, innerRate: Double, until: Double
  ) throws -> (p: Tensor, gaps: [Int: Double], done: Int) {
    let model = try DiffusionModel.load(Fixtures.url("tiny-ddpm"))
    let p = Tensor([3, 4] as [Float])
    p.requiresGradient = true
    var rule = Bilevel(
      retain: LinearLoss(p: p, direction: Tensor([0, 0] as [Float])), forget: Halved(p: p),
      lambda: .fixed(1), innerSteps: innerSteps, innerRate: innerRate, until: until)
    var training = Training(steps: 40, rate: 0.1, optimizer: .init(.sgd))
    training.logEvery = 4
    var gaps: [Int: Double] = [:]
    let done = try TrainingLoop("test", training, seed: 1).fit([p]) { step in
      let found = try rule.gradient(model, over: [p], &step)
      gaps[step.index] = step.log["g"]
      return found
    }
    return (p, gaps, done)
  }

  /// L_f = |p|^2 / 2, whose gradient shrinks as p does: one inner step of length s = 0.01 sqrt(2) takes
  /// g = |p| s - s^2 / 2. The training ends at the second line of the log where g is at most `until` of the first.
  @Test(arguments: [0.5, 0])
  func trainingEndsWhereForgettingIsMeasured(_ until: Double) throws {
    let (p, gaps, done) = try course(innerSteps: 1, innerRate: 0.01, until: until)
    let s = 0.01 * 2.0.squareRoot()
    // p shrinks by 0.9 a step from 5 on, and is looked at in steps 3, 7, 11, ... and, where it can end, at the first.
    func gap(_ k: Int) -> Double { 5 * pow(0.9, Double(k)) * s - s * s / 2 }
    #expect(gaps[3].map { abs($0 - gap(3)) < 1e-4 } == true && gaps[4] == nil)
    if until > 0 {
      // 0.9^7 = 0.478 is the first below a half: the gradient of the look after it is not applied.
      #expect(done == 11 && gaps[0].map { abs($0 - gap(0)) < 1e-4 } == true)
      #expect(abs(p.detached().norm().item - 5 * pow(0.9, 11)) < 1e-4)
    } else {
      #expect(done == 40 && gaps[0] == nil)
    }
  }

  /// Without inner steps g is L_f itself, 25/2 times 0.81 a step: 0.81^k is below a tenth from k = 11 on, so that the
  /// second low look is in step 15.
  @Test func withoutInnerStepsTheLossItselfIsMeasured() throws {
    let (_, gaps, done) = try course(innerSteps: 0, innerRate: 0, until: 0.1)
    func loss(_ k: Int) -> Double { 12.5 * pow(0.81, Double(k)) }
    #expect(gaps.keys.sorted() == [0, 3, 7, 11, 15])
    for (k, g) in gaps { #expect(abs(g - loss(k)) < 1e-4, "\(k): \(g)") }
    #expect(done == 15)
  }

  /// Gaps by look, and the steps that are done.
  private static let courses: [([Double], Int)] = [
    ([0.3, 0.02, -0.7, -0.02, 0.5, 0.025, -0.025, 0.01, 0], 11),
    ([0.3, 0.2, -9, -9, -9, -9, -9, -9, -9], 16), ([-1, -1, -1, -1, -2, 0, 0, 0, 0], 16),
    ([0, 0, 0, 0, 0, 0, 0, 0, 0], 16),
  ]

  /// Looks at steps 0, 1, 3, 5, ... find the gaps of a list. A single low one, a negative one and one far below 0 end
  /// nothing, nor does a first one that is not above 0; two low ones in a row do, over an interruption too. Every look has
  /// its line, the last one with the reason.
  @Test(arguments: courses)
  func twoLowLooksInARowEndTheTraining(_ gaps: [Double], _ expected: Int) throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-ddpm"))
    struct Killed: Error {}
    try Fixtures.temporaryFolder { folder in
      func fit(_ name: String, stopAt: Int? = nil) throws -> Int? {
        let p = Tensor([3, 4] as [Float])
        p.requiresGradient = true
        let forget = Scripted(p: p, gaps: gaps)
        var rule = Bilevel(
          retain: LinearLoss(p: p, direction: Tensor([0, 0] as [Float])), forget: forget,
          lambda: .fixed(1), innerSteps: 1, innerRate: 0.01, until: 0.1)
        var training = Training(steps: 16, rate: 0.1, optimizer: .init(.sgd))
        (training.logEvery, training.saveEvery) = (2, 5)
        let run = try Run(folder.appendingPathComponent(name), seed: 1)
        do {
          return try TrainingLoop("test", training, run).fit([p]) { step in
            if step.index == stopAt { throw Killed() }
            forget.begin(step.index)
            return try rule.gradient(model, over: [p], &step)
          }
        } catch is Killed { return nil }
      }
      func looks(_ name: String) throws -> [[JSON?]] {
        try Run(folder.appendingPathComponent(name)).events().map {
          [$0["step"], $0["g"], $0["g-first"], $0["enough"]]
        }
      }
      #expect(try fit("whole") == expected)
      let found = try looks("whole")
      let steps = [0] + stride(from: 1, through: min(15, expected), by: 2)
      #expect(found.map { $0[0]?.int } == steps)
      for (i, look) in found.enumerated() {
        #expect(look[1]?.number.map { abs($0 - gaps[i]) < 1e-6 } == true)
        #expect(look[2]?.number == found[0][1]?.number)
        #expect((look[3]?.bool == true) == (expected < 16 && i == found.count - 1))
      }
      // The state of step 10 has the first look and the low one of step 9.
      #expect(try fit("parts", stopAt: 11) == nil && fit("parts") == expected)
      #expect(try looks("parts") == found)
    }
  }

  /// L_f = 0 p + the next gap on held-out draws before the inner steps, and 0 p after them.
  private final class Scripted: Objective {
    private let p: Tensor
    private let gaps: [Double]
    private var (look, seen) = (0, 0)
    private let heldOut = Set(
      (0..<Bilevel.heldOut).map { Step(index: $0, seed: 0x6A9).generator.seed })
    init(p: Tensor, gaps: [Double]) { (self.p, self.gaps) = (p, gaps) }
    func begin(_ step: Int) { (look, seen) = ((step + 1) / 2, 0) }
    func loss(_ model: DiffusionModel, _ step: inout Step) throws -> Tensor {
      let zero = (p * 0).sum()
      guard heldOut.contains(step.generator.seed) else { return zero }
      seen += 1
      return seen <= Bilevel.heldOut ? zero + gaps[look] : zero
    }
  }

  /// L = |p|^2 / 2
  private struct Halved: Objective {
    let p: Tensor
    func loss(_ model: DiffusionModel, _ step: inout Step) throws -> Tensor {
      0.5 * p.squared().sum()
    }
  }

  @Test func bilevelCombinesGradients() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let p = Tensor.zeros([2])
    p.requiresGradient = true
    let retain = LinearLoss(p: p, direction: Tensor([1, 0] as [Float]))
    let forget = LinearLoss(p: p, direction: Tensor([-1, 1] as [Float]))
    var rule = Bilevel(retain: retain, forget: forget, lambda: .paper(eta: 0.1))
    var step = Step(index: 0, seed: 1)
    let found = try rule.gradient(model, over: [p], &step)
    #expect(found.gradients[0].distance(to: Tensor([0.4, 0.6] as [Float])) < 1e-6)
    #expect(abs((step.log["lambda"] ?? 0) - 0.6) < 1e-6)
    // <g_f, delta> >= eta |g_f|^2 for any pair of gradients
    let g = Generator(seed: 2)
    for _ in 0..<20 {
      let (a, b) = (Tensor.randn([2], g), Tensor.randn([2], g))
      var rule = Bilevel(
        retain: LinearLoss(p: p, direction: a), forget: LinearLoss(p: p, direction: b),
        lambda: .paper(eta: 0.3))
      let delta = try rule.gradient(model, over: [p], &step).gradients[0]
      #expect((b * delta).sum().item >= 0.3 * (b * b).sum().item - 1e-5)
    }
  }

  /// The inner loop is seen in the log and nowhere else.
  @Test func innerLoopChangesNoWeight() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-ddpm"))
    let p = Tensor([2, 3] as [Float])
    p.requiresGradient = true
    let retain = LinearLoss(p: p, direction: Tensor([1, 0] as [Float]))
    let forget = LinearLoss(p: p, direction: Tensor([-1, 1] as [Float]))
    func gradient(_ k: Int) throws -> (Tensor, Double?) {
      var rule = Bilevel(
        retain: retain, forget: forget, lambda: .paper(eta: 0.1), innerSteps: k, innerRate: 0.5)
      var step = Step(index: 3, seed: 1)
      return (try rule.gradient(model, over: [p], &step).gradients[0], step.log["g"])
    }
    let (plain, none) = try gradient(0)
    let (same, g) = try gradient(2)
    #expect(plain.isIdentical(to: same) && none == nil)
    // L_f = p_2 - p_1 falls by 0.5 |(-1, 1)|^2 a step.
    #expect(g == 2)
    #expect(p.detached().floats == [2, 3])
  }

  /// L_f = <b, p> + u with u of the draw alone: only a difference over the same draws is free of u. It notes its draws.
  private final class Noisy: Objective {
    let p: Tensor
    var draws: [UInt64] = []
    init(_ p: Tensor) { self.p = p }
    func loss(_ model: DiffusionModel, _ step: inout Step) throws -> Tensor {
      draws.append(step.generator.seed)
      return (p * Tensor([-1, 1] as [Float])).sum() + 100 * step.uniform()
    }
  }

  /// g is measured on draws that are the same before and after the inner steps, the same at every step of the
  /// training, and none of those that the inner steps trained on.
  @Test func theGapComparesHeldOutDraws() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-ddpm"))
    let p = Tensor([2, 3] as [Float])
    p.requiresGradient = true
    let retain = LinearLoss(p: p, direction: Tensor([1, 0] as [Float]))
    func draws(_ index: Int) throws -> (before: [UInt64], inner: [UInt64], after: [UInt64]) {
      let forget = Noisy(p)
      var rule = Bilevel(
        retain: retain, forget: forget, lambda: .paper(eta: 0.1), innerSteps: 3, innerRate: 0.5)
      var step = Step(index: index, seed: 1)
      _ = try rule.gradient(model, over: [p], &step)
      // Three steps of rate 0.5 along (-1, 1).
      #expect(abs(try #require(step.log["g"]) - 3) < 1e-4)
      let n = Bilevel.heldOut
      #expect(forget.draws.count == 1 + n + 3 + n && forget.draws[0] == step.generator.seed)
      return (
        Array(forget.draws[1...n]), Array(forget.draws[(n + 1)...(n + 3)]),
        Array(forget.draws[(n + 4)...])
      )
    }
    let (first, second) = (try draws(0), try draws(7))
    #expect(first.before == first.after && first.before == second.before)
    #expect(Set(first.before).count == Bilevel.heldOut)
    #expect(Set(first.before).isDisjoint(with: first.inner + second.inner))
    #expect(Set(first.inner).isDisjoint(with: second.inner))
  }
}
