import Diffusion
import TestSupport
import Testing
import Torch

@testable import Attacks

@Suite struct RandomTokensTests {
  @Test func randomTokensKeepThePromptAndItsSeed() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let victim = try AttackScene.victim(model)
    var session = try AttackScene.session(RandomTokens(), AttackScene.prompts, victim, seed: 1)
    let attempt = try #require(try session.next([0])[0])
    #expect(attempt.prompt.hasSuffix(" a noto emoji of a fox") && attempt.seed == 1)
    let long = AttackedPrompt(String(repeating: "fox ", count: 74), seed: 1)
    #expect(!RandomTokens().canAttack(long, victim.known))
    #expect(RandomTokens().canAttack(AttackScene.prompts[0], victim.known))
    #expect(NoAttack().canAttack(long, victim.known))
  }
}
