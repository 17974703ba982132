import Diffusion
import Editing
import TestSupport
import Testing
import Torch
import TorchNN
import Training

@testable import Attacks

@Suite struct P4DTests {
  @Test func nearestWordsAreByAngle() {
    let table = Tensor([1, 0, 0, 10, 3, 3] as [Float], [3, 2])
    let tokens = ProjectedTokens(
      1, table: table, Generator(seed: 1), rate: 1, .init(.sgd), decoupled: false)
    let first = tokens.best[0]
    #expect(tokens.show(Generator(seed: 2)).distance(to: table.indexed(0, [first])) == 0)
    var moved = tokens
    // Adam's first step has the length of the rate in every coordinate: towards (100, 1) word 0 is nearest.
    for _ in 0..<100 { moved.move(Tensor([-1, 0] as [Float], [1, 2])) }
    #expect(moved.best == [0])
  }

  /// On a model that nothing was taken from, the best of five attempts in the prompt's stead predicts more like the
  /// prompt than the best of five with random tokens in its stead, on noise and timesteps that no attack saw.
  @Test func gradientsBeatChanceAtEqualQueries() throws {
    Runtime.threads = 1
    let victim = try AttackScene.victim(try AttackScene.model())
    let (model, n) = (victim.model, 8)
    let x0 = try AttackScene.many.map { try WhiteBoxTarget(victim).target($0) }
    /// E | eps_o(x_t | prompt) - eps_theta(x_t | text) |^2
    func loss(_ text: String, _ i: Int) -> Double {
      withoutGradients {
        let eps = Tensor.randn([n, 4, 8, 8], Generator(seed: 500 + UInt64(i)))
        let t = Tensor((0..<n).map { Float((2 * $0 + 1) * 500 / n) })
        let xt = model.schedule.noised(x0[i].expanded(n, 4, 8, 8), eps, at: t)
        func predicted(_ text: String) -> Tensor {
          model.predict(xt, at: t, given: model.embed([text]).repeated(n))
        }
        return predicted(text).meanSquaredError(predicted(AttackScene.many[i].prompt)).item
      }
    }
    var (chance, gradient) = (RandomTokens(), P4D())
    (chance.attempts, chance.tokens) = (5, 4)
    (gradient.placement, gradient.tokens) = (.replace, 4)
    (gradient.times, gradient.steps, gradient.rate, gradient.decoupled) = (5, 10, 0.1, true)
    // Random tokens stand before the prompt; here they stand alone.
    let random = try AttackScene.best(of: 5, chance, victim, seed: 2) { attempt, i in
      loss(String(attempt.prompt.dropLast(AttackScene.many[i].prompt.count + 1)), i)
    }
    let found = try AttackScene.best(of: 5, gradient, victim, seed: 2) { loss($0.prompt, $1) }
    #expect(found < 0.95 * random, "\(random) \(found)")
  }

  /// P4D-N and P4D-K: tokens in the prompt's stead or one for every third, each step at a timestep of its own. A
  /// prompt's attempts do not depend on which others share its passes.
  @Test(arguments: [("replace", 16), ("everyThird", 0)])
  func publishedFormsOfP4D(_ placement: String, _ tokens: Int) throws {
    Runtime.threads = 1
    let model = try AttackScene.model()
    let victim = try AttackScene.victim(model)
    func attempts(_ open: [Int], _ timesteps: P4D.Timesteps) throws -> [Int: Attempt] {
      var attack = P4D()
      (attack.placement, attack.tokens) = (
        try #require(TokenPlacement(rawValue: placement)), tokens
      )
      (attack.timesteps, attack.times, attack.steps) = (timesteps, 1, 6)
      (attack.rate, attack.decoupled) = (0.1, true)
      let prompts = AttackScene.prompts
      var session = try AttackScene.session(attack, prompts, victim, seed: 3)
      return try session.next(open)
    }
    let all = try attempts([0, 1, 2], .random)
    #expect(try attempts([1], .random)[1] == all[1])
    #expect(try attempts([0, 1, 2], .ordered) != all)
    // Two of three prompts have as many tokens here, which share a pass; the longer one has more.
    #expect(
      all.count == 3 && all.allSatisfy { $1.prompt != AttackScene.prompts[$0].prompt })
    let words = try #require(all[0]).prompt
    #expect(words.contains("noto") == (placement == "everyThird"), "\(words)")
  }
}
