import Diffusion
import Editing
import Testing
import Torch

@testable import Attacks

@Suite struct TextSearchTests {
  @Test func textSearch() throws {
    let (original, _, target) = try ProbeScene.pair()
    var attack = TextSearch()
    (attack.tokens, attack.steps, attack.attempts) = (4, 0, 1)
    func cosine(_ attack: TextSearch) throws -> (Double, String) {
      var session = try attack.session(ProbeScene.prompts, BlackBoxTarget(target), seed: 2)
      let text = try #require(try session.next([0])[0]).prompt
      return withoutGradients {
        let mean = original.embed([text, ProbeScene.prompts[0].prompt]).hidden.mean(1)
        let (a, b) = (mean[0, at: 0], mean[0, at: 1])
        return ((a.dot(b) / (a.norm() * b.norm())).item, text)
      }
    }
    let before = try cosine(attack).0
    attack.steps = 12
    let (after, text) = try cosine(attack)
    #expect(after > before + 0.01, "\(before) \(after)")
    #expect(!text.lowercased().contains("fox"))
  }

  /// Attempts that are kept for other victims are those of one round.
  @Test func keptAttemptsHaveOneRound() throws {
    let (_, _, target) = try ProbeScene.pair()
    var attack = TextSearch()
    (attack.tokens, attack.steps, attack.attempts) = (4, 0, 3)
    var session = try attack.session(ProbeScene.prompts, BlackBoxTarget(target), seed: 2)
    var rounds = 0
    while try session.next([0])[0] != nil { rounds += 1 }
    #expect(rounds == 3 && !TextSearch.card.transfers)
  }
}
