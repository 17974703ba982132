// The promises of every attack, checked for each entry of the catalog.
import Diffusion
import Editing
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN

@testable import Attacks

@Suite struct AttackContractTests {
  static let names = AttackCatalog.builtIn.names
  static let prompts = [
    AttackedPrompt("a noto emoji of a fox", seed: 1), AttackedPrompt("a fox", seed: 2),
    AttackedPrompt("an umbrella, symbola style", seed: 3),
  ]

  static let concept = Concept(
    "fox",
    phrases: [
      .init("a noto emoji of a fox", words: "fox", anchor: "a noto emoji"),
      .init("a fox", words: "fox", anchor: ""),
    ])

  static func small<A: Attack>(_ type: A.Type) -> any Attack { A.tiny }

  /// Small settings try less than the defaults wherever an attack counts its effort.
  @Test(arguments: names) func tinySettingsAreSmall(_ name: String) throws {
    func check<A: Attack>(_ type: A.Type) throws {
      let (own, usual) = (try JSON(encoding: A.tiny), try JSON(encoding: A()))
      for effort in A.efforts {
        guard let small = own.value(at: effort)?.int, let whole = usual.value(at: effort)?.int
        else { continue }
        #expect(small <= whole && small <= 32, "\(effort)")
      }
    }
    try check(AttackCatalog.builtIn.named(name))
  }

  static func victim(_ model: DiffusionModel) throws -> Victim {
    try Victim(model, original: model, concepts: [concept]) { prompt in
      var options = SamplingOptions()
      options.steps = 2
      return try model.images([prompt.prompt], seeds: [prompt.seed], options)[0]
    }
  }

  @Test(arguments: names) func configurationComesBack(_ name: String) throws {
    func check<A: Attack>(_ type: A.Type) throws {
      let json = try JSON(encoding: A())
      #expect(try JSON(encoding: json.decoded(as: A.self)) == json)
      #expect(!A.card.title.isEmpty && A.card.year > 2000)
    }
    try check(AttackCatalog.builtIn.named(name))
  }

  /// A session with the part of the victim that the attack's type names.
  static func session(
    _ attack: any Attack, _ prompts: [AttackedPrompt], _ victim: Victim, seed: UInt64
  ) throws -> any AttackSession {
    func begin<A: Attack>(_ attack: A) throws -> any AttackSession {
      try attack.session(prompts, A.Target(victim), seed: seed)
    }
    return try begin(attack)
  }

  /// Every effort is an option that is a number or a list.
  @Test(arguments: names) func effortsAreOptions(_ name: String) throws {
    func check<A: Attack>(_ type: A.Type) throws {
      let options = try JSON(encoding: A())
      for effort in A.efforts {
        let value = options.value(at: effort)
        #expect(value?.int ?? value?.array?.count != nil, "\(effort)")
      }
    }
    try check(AttackCatalog.builtIn.named(name))
  }

  /// The same seed asks the same, and a prompt's attempts do not depend on which others are still open; a session
  /// ends.
  @Test(arguments: names) func sessionsAreReproducible(_ name: String) throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let type = try AttackCatalog.builtIn.named(name)
    let victim = try Self.victim(model)
    func attempts(_ open: [Int], seed: UInt64) throws -> [[Int: Attempt]] {
      var session = try Self.session(Self.small(type), Self.prompts, victim, seed: seed)
      var rounds: [[Int: Attempt]] = []
      while let next = Optional(try session.next(open)), !next.isEmpty, rounds.count < 1000 {
        rounds.append(next)
      }
      return rounds
    }
    let all = try attempts([0, 1, 2], seed: 7)
    #expect(!all.isEmpty && all.count < 1000)
    #expect(try attempts([1], seed: 7).map { $0[1] } == all.map { $0[1] })
    // The prompts stay as they are for these, which change the model or the way it draws.
    if ["none", "relearn", "handover", "noise", "latent", "deployment"].contains(name) {
      #expect(all.allSatisfy { $0.allSatisfy { $1.prompt == Self.prompts[$0].prompt } })
    } else {
      #expect(try attempts([0, 1, 2], seed: 8) != all)
    }
  }

  @Test func randomTokensKeepThePromptAndItsSeed() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let victim = try Self.victim(model)
    var session = try Self.session(RandomTokens(), Self.prompts, victim, seed: 1)
    let attempt = try #require(try session.next([0])[0])
    #expect(attempt.prompt.hasSuffix(" a noto emoji of a fox") && attempt.seed == 1)
    let long = AttackedPrompt(String(repeating: "fox ", count: 74), seed: 1)
    #expect(!RandomTokens().canAttack(long, victim.known))
    #expect(RandomTokens().canAttack(Self.prompts[0], victim.known))
    #expect(NoAttack().canAttack(long, victim.known))
  }

  /// A target has what its type says, and no part of the victim where the type says none; a model without words has no
  /// prompts to attack.
  @Test func accessIsTheTargetsType() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let other = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let victim = try Victim(model, original: other, concepts: [Self.concept]) { _ in
      Image.grey(16, 16)
    }
    func holdsVictim(_ value: Any, _ depth: Int = 0) -> Bool {
      if let found = value as? DiffusionModel { return found === model }
      return depth < 4
        && Mirror(reflecting: value).children.contains { holdsVictim($0.value, depth + 1) }
    }
    #expect(!holdsVictim(BlackBoxTarget(victim)) && holdsVictim(EmbeddingTarget(victim)))
    #expect(WhiteBoxTarget(victim).model === model && WeightsTarget(victim).model === model)
    #expect(BlackBoxTarget(victim).original === other)
    #expect(
      AttackCatalog.builtIn.all.map { $0.access.rawValue }
        == [
          "black box", "black box", "black box", "white box", "white box", "black box",
          "embedding", "weights", "black box", "white box", "white box", "white box", "weights",
        ])
    let classes = try DiffusionModel.load(Fixtures.url("tiny-ddpm"))
    #expect(throws: LetheError.self) { try Self.victim(classes) }
    let error = try #require(throws: LetheError.self) { try AttackCatalog.builtIn.named("randon") }
    #expect(error.description.contains("did you mean 'random'"))
  }

  /// Decoded text is tokenised to the same ids where words were whole.
  @Test(arguments: ["a noto emoji of a fox", "naïve café 123", "東京の猫 🦊", "don't!!! ..."])
  func decoding(_ text: String) throws {
    let tokenizer = try CLIPTokenizer(folder: Fixtures.url("tiny-sd1/tokenizer"), length: 77)
    let ids = tokenizer.words(text)
    let decoder = tokenizer.decoder()
    #expect(tokenizer.words(decoder.text(ids)) == ids)
    let special = [tokenizer.startToken] + ids + [tokenizer.endToken]
    #expect(decoder.text(special) == decoder.text(ids))
    #expect(!decoder.words.contains(tokenizer.endToken))
  }

  /// Where `!` is the pad token no text gives a token with one in it: an attack has no use for it, and a text that has
  /// some comes back.
  @Test(arguments: ["tiny-sd2", "tiny-sdxl"]) func specialTokensAreNoWords(_ kind: String) throws {
    let model = try DiffusionModel.load(Fixtures.url(kind))
    let tokenizer = try model.tokenizer(for: "a test")
    let decoder = tokenizer.decoder()
    for id in decoder.words {
      #expect(!decoder.text([id]).contains("!"), "\(decoder.text([id]))")
    }
    #expect(decoder.words.count > 400)
    let ids = tokenizer.words("!!! a fox!").rows[0]
    #expect(tokenizer.words(decoder.text(ids)).rows[0] == ids)
  }
}
