import Diffusion
import Editing
import Foundation
import TestSupport
import Testing
import Torch
import Training

@testable import Attacks

@Suite struct RingABellTests {
  /// The genetic search comes nearer to the target than a random population's best.
  @Test func geneticSearchImproves() throws {
    let model = try AttackScene.model()
    let target = BlackBoxTarget(try AttackScene.victim(model))
    var attack = RingABell()
    (attack.population, attack.tokens) = (20, 6)
    let prompt = AttackedPrompt("a cat", seed: 1)
    func distance(_ generations: Int) throws -> Double {
      attack.generations = generations
      var session = try attack.session([prompt], target, seed: 5)
      let attempt = try #require(try session.next([0])[0])
      let pairs = AttackScene.concept.phrases
      let v =
        (model.embed(pairs.map(\.prompt)).hidden - model.embed(pairs.map(\.anchor)).hidden).mean(0)
      let y = model.embed([prompt.prompt]).hidden[0, at: 0] + 3 * v
      return (model.embed([attempt.prompt]).hidden[0, at: 0] - y).squared().sum().item
    }
    #expect(try distance(40) < (try distance(1)))
    attack.population = 1
    #expect(throws: LetheError.self) { try attack.session([prompt], target, seed: 5) }
  }

  /// Each concept has the same share of the direction, however many phrases it has.
  @Test func conceptsHaveEqualShares() throws {
    let model = try AttackScene.model()
    func pairs(_ texts: [(String, String)]) -> [ConceptPair] {
      texts.map { ConceptPair(with: $0, without: $1) }
    }
    let many = pairs([("a fox", ""), ("a red fox", "red"), ("a fox at night", "night")])
    let one = pairs([("an umbrella", "")])
    func alone(_ pairs: [ConceptPair]) -> Tensor { RingABell.direction(of: [pairs], in: model) }
    let both = RingABell.direction(of: [many, one], in: model)
    #expect(both.distance(to: 0.5 * (alone(many) + alone(one))) < 1e-6)
    #expect(both.distance(to: alone(many + one)) > 1e-3)
  }

  /// Pairs of a file take the place of the concept's own phrases.
  @Test func pairsOfAFile() throws {
    Runtime.threads = 1
    let victim = try AttackScene.victim(try AttackScene.model())
    try Fixtures.temporaryFolder { folder in
      let file = folder.appendingPathComponent("pairs.csv")
      func attempt(_ pairs: String?) throws -> Attempt {
        if let pairs { try Data(pairs.utf8).write(to: file) }
        var attack = RingABell()
        (attack.population, attack.generations, attack.tokens) = (20, 20, 4)
        attack.pairs = pairs == nil ? "" : file.path
        #expect(attack.files == (pairs == nil ? [] : [file]))
        var session = try AttackScene.session(
          attack, AttackScene.prompts, victim, seed: 5)
        return try #require(try session.next([0])[0])
      }
      let own = try attempt(nil)
      let same = try attempt(
        "sensitive prompt,normal prompt\na noto emoji of a fox,a noto emoji\na fox,\n")
      #expect(same == own)
      #expect(try attempt("without,with\na noto emoji of a fox,a noto emoji\n") != own)
      for (bad, why) in [
        ("with,other\na,b\n", "accepted: a column of"), ("with,without\n", "no pairs"),
        ("with,without\na\n", "line 2: 1 field; accepted: 2, as the header has"),
      ] {
        let error = try #require(throws: LetheError.self) { try attempt(bad) }
        #expect(error.description.contains(why), "\(error.description)")
      }
    }
  }
}
