import Diffusion
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training

@testable import Editing

@Suite struct RuleTests {
  /// The worked examples of the specification (19.3): g_r = (1, 0), g_f = (-1, 1), eta = 0.1.
  @Test func lambdaOfTheTheorem() {
    let lambda = Bilevel.lambda(.paper, 0.1, rf: -1, rr: 1, ff: 2)
    #expect(abs(lambda - 0.6) < 1e-12)
    // delta = (0.4, 0.6): <g_f, delta> = 0.2 = eta |g_f|^2
    let delta = (1 - lambda, lambda)
    #expect(abs(-delta.0 + delta.1 - 0.2) < 1e-12)
    #expect(abs(Bilevel.lambda(.cosine, 0.1, rf: -1, rr: 1, ff: 2) - 0.8071) < 1e-4)
    #expect(Bilevel.lambda(.fixed, 0.1, rf: -1, rr: 1, ff: 2) == 0.1)
    // Equal gradients need no help, and a vanished one has none to give.
    for eta in [0.1, 0.5, 1] { #expect(Bilevel.lambda(.paper, eta, rf: 3, rr: 3, ff: 3) == 0) }
    #expect(Bilevel.lambda(.paper, 0.1, rf: 0, rr: 1, ff: 0) == 0)
  }

  /// L_r = <a, p>, L_f = <b, p>: gradients a and b, whatever the model.
  struct Linear: Objective {
    let p: Tensor
    let direction: Tensor
    func loss(_ model: DiffusionModel, _ step: inout Step) throws -> Tensor {
      (p * direction).sum()
    }
  }

  @Test func bilevelCombinesGradients() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let p = Tensor.zeros([2])
    p.requiresGradient = true
    let retain = Linear(p: p, direction: Tensor([1, 0] as [Float]))
    let forget = Linear(p: p, direction: Tensor([-1, 1] as [Float]))
    var rule = Bilevel(retain: retain, forget: forget, rule: .paper, eta: 0.1)
    var step = Step(index: 0, seed: 1)
    let found = try rule.gradient(model, over: [p], &step)
    #expect(found.gradients[0].distance(to: Tensor([0.4, 0.6] as [Float])) < 1e-6)
    #expect(abs((step.log["lambda"] ?? 0) - 0.6) < 1e-6)
    // <g_f, delta> >= eta |g_f|^2 for any pair of gradients
    let g = Generator(seed: 2)
    for _ in 0..<20 {
      let (a, b) = (Tensor.randn([2], g), Tensor.randn([2], g))
      var rule = Bilevel(
        retain: Linear(p: p, direction: a), forget: Linear(p: p, direction: b), rule: .paper,
        eta: 0.3)
      let delta = try rule.gradient(model, over: [p], &step).gradients[0]
      #expect((b * delta).sum().item >= 0.3 * (b * b).sum().item - 1e-5)
    }
  }

  /// The inner loop is seen in the log and nowhere else.
  @Test func innerLoopChangesNoWeight() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-ddpm"))
    let p = Tensor([2, 3] as [Float])
    p.requiresGradient = true
    let retain = Linear(p: p, direction: Tensor([1, 0] as [Float]))
    let forget = Linear(p: p, direction: Tensor([-1, 1] as [Float]))
    func gradient(_ k: Int) throws -> (Tensor, Double?) {
      var rule = Bilevel(
        retain: retain, forget: forget, rule: .paper, eta: 0.1, innerSteps: k, innerRate: 0.5)
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
    let retain = Linear(p: p, direction: Tensor([1, 0] as [Float]))
    func draws(_ index: Int) throws -> (before: [UInt64], inner: [UInt64], after: [UInt64]) {
      let forget = Noisy(p)
      var rule = Bilevel(
        retain: retain, forget: forget, rule: .paper, eta: 0.1, innerSteps: 3, innerRate: 0.5)
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

  @Test func masksHoldExactlyTheirShare() throws {
    let g = Generator(seed: 3)
    let gradients = [Tensor.randn([7, 5], g), Tensor.randn([66], g)]  // 101 coordinates
    for share in [0.1, 0.5, 0.9] {
      let masks = Masked.largest(share, of: gradients)
      let ones = masks.map { Int($0.sum().item) }.reduce(0, +)
      #expect(ones == Int(share * 101))
    }
    let (few, many) = (Masked.largest(0.2, of: gradients), Masked.largest(0.6, of: gradients))
    // The largest magnitudes, whatever the sign and wherever they are; all that equal the smallest of them.
    let chosen = Masked.largest(
      0.5, of: [Tensor([3, -5, 1] as [Float]), Tensor([0.5, -4, 2, 0] as [Float], [2, 2])])
    #expect(chosen[0].floats == [1, 1, 0] && chosen[1].floats == [0, 1, 0, 0])
    let tied = Masked.largest(0.4, of: [Tensor([-2, 1, 2, 2, 0] as [Float])])
    #expect(tied[0].floats == [1, 0, 1, 1, 0])
    #expect(Masked.largest(0, of: gradients).allSatisfy { $0.abs().sum().item == 0 })
    #expect(Masked.largest(1, of: gradients).map { Int($0.sum().item) } == [35, 66])
    let sorted = Tensor.concatenate(gradients.map { $0.abs().flattened() }).sorted(descending: true)
    let threshold = sorted.floats[49]
    for (gradient, mask) in zip(gradients, Masked.largest(0.5, of: gradients)) {
      #expect(
        mask.flattened().floats == gradient.abs().flattened().floats.map { $0 >= threshold ? 1 : 0 }
      )
    }
    // A stricter mask is inside a looser one.
    #expect(zip(few, many).allSatisfy { ($0 * $1).distance(to: $0) == 0 })

    // Adam leaves masked coordinates as they are, bit for bit.
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let p = Tensor.randn([10], g)
    let before = p.cloned()
    p.requiresGradient = true
    let mask = Tensor([1, 0, 1, 0, 1, 0, 1, 0, 1, 0] as [Float])
    var rule: any GradientRule = Masked(
      Descent(Linear(p: p, direction: Tensor.randn([10], g))), [mask])
    var options = Training()
    (options.steps, options.learningRate) = (20, 0.1)
    _ = try Fixtures.temporaryFolder { folder in
      try TrainingLoop("masked", options, Run(folder)).fit([p]) { step in
        try rule.gradient(model, over: [p], &step)
      }
    }
    for i in 0..<10 {
      let moved = p.detached().floats[i] != before.floats[i]
      #expect(moved == (i % 2 == 0))
    }
  }

  /// Weight decay of every kind moves no masked coordinate, and moves the others.
  @Test(arguments: OptimizerOptions.Kind.allCases) func masksHoldAgainstDecay(
    _ kind: OptimizerOptions.Kind
  ) throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let g = Generator(seed: 3)
    let (start, direction) = (Tensor.randn([10], g), Tensor.randn([10], g))
    let mask = Tensor([1, 0, 1, 0, 1, 0, 1, 0, 1, 0] as [Float])
    func trained(_ decay: Double) throws -> [Float] {
      let p = start.cloned()
      p.requiresGradient = true
      var rule: any GradientRule = Masked(
        Descent(Linear(p: p, direction: direction)), [mask], fixed: [start])
      var options = Training(optimizer: .init(kind, weightDecay: decay))
      (options.steps, options.learningRate) = (5, 0.1)
      var loop = TrainingLoop("masked", options, seed: 1)
      loop.settles = { [rule] in rule.settle($0) }
      try loop.fit([p]) { step in try rule.gradient(model, over: [p], &step) }
      return p.detached().floats
    }
    let (plain, decayed) = (try trained(0), try trained(0.3))
    for i in 0..<10 {
      let isMasked = i % 2 == 1
      #expect((decayed[i] == start.floats[i]) == isMasked && (decayed[i] == plain[i]) == isMasked)
    }
  }

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
