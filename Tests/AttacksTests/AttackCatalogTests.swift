// An attack from outside the package.
import Diffusion
import Testing
import Torch

@testable import Attacks

private struct Silence: Attack {
  static let name = "silence"
  static let card = AttackCard(title: "Silence", paper: "a test", year: 2025)

  func session(_ prompts: [AttackedPrompt], _ target: BlackBoxTarget, seed: UInt64) throws
    -> any AttackSession
  {
    try NoAttack().session(prompts, target, seed: seed)
  }
}

@Suite struct AttackCatalogTests {
  @Test func additionsComeAfterTheBuiltInAttacks() throws {
    let catalog = try AttackCatalog.builtIn.adding(Silence.self)
    #expect(catalog.names == AttackCatalog.builtIn.names + ["silence"])
    #expect(try catalog.named("silence") is Silence.Type)
    #expect(throws: LetheError.self) { try catalog.adding(NoAttack.self) }
    #expect(throws: LetheError.self) { try AttackCatalog.builtIn.named("silence") }
  }
}
