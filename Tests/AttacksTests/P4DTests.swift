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
