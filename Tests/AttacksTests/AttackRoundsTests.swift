// Every attack against a model that lists no subjects: round by round, cut short and gone on with, on SDXL too.
import Diffusion
import Editing
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training

@testable import Attacks

@Suite struct AttackRoundsTests {
  static let sampling: SamplingOptions = {
    var sampling = SamplingOptions()
    (sampling.steps, sampling.guidance) = (2, 2)
    return sampling
  }()
  static let prompts = [
    AttackedPrompt("a photo of a fox", seed: 1), AttackedPrompt("fox", seed: 2),
  ]

  /// A victim whose text encoder was disturbed, of a model without `themes.json`; the concept is a free word.
  static func victim(_ kind: String) throws -> Victim {
    let original = try DiffusionModel.load(Fixtures.url(kind))
    let path = ParameterPath("text_encoder.text_model.encoder.layers.0.mlp.fc1.weight")
    let weight = try #require(original.parameters[path])
    let disturbed = weight + 0.3 * Tensor.randn(weight.shape, Generator(seed: 3))
    let concept = try Concept.resolve(
      "a fox", in: nil, replacement: nil, ConceptWording(kind: .object))
    return try Victim(
      original.replacing([path: disturbed]), original: original, concepts: [concept]
    ) { try original.images([$0.prompt], seeds: [$0.seed], sampling)[0] }
  }

  /// The share of red in a picture decides, as a judge that sees one thing would.
  static func redness(_ pictures: Tensor) -> [Double] {
    (0..<pictures.size(0)).map { pictures[0, at: $0][0, at: 0].mean().item }
  }

  struct Killed: Error {}

  static func run(
    _ attack: any Attack, _ victim: Victim, in folder: URL, limits: [Double], killAfter: Int? = nil
  ) throws -> [AttackOutcome] {
    var batches = 0
    var rounds = AttackRounds(
      attack, on: victim, prompts, sampling, batch: 1, seed: 5, in: try Run(folder)
    ) { pictures, indices in
      if let killAfter, batches >= killAfter { throw Killed() }
      batches += 1
      return zip(redness(pictures), indices).map { $0 > limits[$1] }
    }
    return try rounds(before: [false, false])
  }

  /// Cut short after any batch of pictures and gone on with, an attack ends with the same attempts; its log counts the
  /// judged pictures and what U-Nets were asked for them.
  @Test(arguments: AttackCatalog.builtIn.names, ["tiny-sd1", "tiny-sdxl"])
  func everyAttackOnFreeWords(_ name: String, _ kind: String) throws {
    Runtime.threads = 1
    let victim = try Self.victim(kind)
    let attack = try AttackScene.small(AttackCatalog.builtIn.named(name))
    try Fixtures.temporaryFolder { folder in
      func place(_ name: String) -> URL { folder.appendingPathComponent(name) }
      // Out of reach for the first prompt, and for the second what its first attempt shows.
      let whole = try Self.run(attack, victim, in: place("whole"), limits: [9, -9])
      #expect(whole.map(\.success) == [false, true])
      #expect(whole[1].queries == 1 && whole[0].queries >= 1)
      #expect(try #require(whole[0].evaluations) >= 2 * 2 * whole[0].queries)
      // The rounds that are gone on with ask nothing of the network's kind.
      guard kind == "tiny-sd1" else { return }
      #expect(throws: Killed.self) {
        try Self.run(
          attack, victim, in: place("cut"), limits: [9, -9], killAfter: whole[0].queries > 1 ? 2 : 1
        )
      }
      let resumed = try Self.run(attack, victim, in: place("cut"), limits: [9, -9])
      #expect(resumed.map(\.attempt) == whole.map(\.attempt))
      #expect(resumed.map(\.queries) == whole.map(\.queries))
      let picture = "\(name)/1.png"
      #expect(
        try Data(contentsOf: place("whole").appendingPathComponent(picture))
          == Data(contentsOf: place("cut").appendingPathComponent(picture)))
      #expect(try Run(place("cut")).events("\(name).jsonl").count == 2)
    }
  }

  /// Another judge's first sight of the concept is kept with its number of pictures; the attempts end by the first judge's.
  @Test func otherJudges() throws {
    Runtime.threads = 1
    let victim = try Self.victim("tiny-sd1")
    var attack = RandomTokens()
    attack.attempts = 3
    try Fixtures.temporaryFolder { folder in
      var pictures = [0, 0]
      var rounds = AttackRounds(
        attack, on: victim, Self.prompts, Self.sampling, batch: 1, seed: 5, in: try Run(folder),
        others: { _, indices in
          indices.map { i in
            pictures[i] += 1
            return pictures[i] > 1 ? ["late", "early"] : ["early"]
          }
        }
      ) { _, indices in indices.map { _ in false } }
      let found = try rounds(before: [false, true], seen: [[], ["early"]])
      #expect(found[0].seen == ["early": 1, "late": 2] && found[0].queries == 3)
      #expect(found[1].seen == ["early": 0] && found[1].queries == 0)
      let (late, early) = (found[0].by("late"), found[1].by("early"))
      #expect(late.success && !late.before && late.queries == 2)
      #expect(early.success && early.before)
      #expect(!found[1].by("late").success && !found[0].by("nobody").success)
      // They come back from the log.
      var again = AttackRounds(
        attack, on: victim, Self.prompts, Self.sampling, batch: 1, seed: 5, in: try Run(folder)
      ) { _, indices in indices.map { _ in true } }
      #expect(try again(before: [false, true]).map(\.seen) == found.map(\.seen))
    }
  }

  /// A prompt that shows the concept is a success that costs nothing; another is closed at its first success, and one
  /// that never succeeds uses every attempt.
  @Test func promptsAreClosedAtTheirFirstSuccess() throws {
    Runtime.threads = 1
    let victim = try Self.victim("tiny-sd1")
    let prompts = Self.prompts + [AttackedPrompt("a picture of a fox", seed: 3)]
    var attack = RandomTokens()
    attack.attempts = 4
    try Fixtures.temporaryFolder { folder in
      var seen: [Int: Int] = [:]
      var rounds = AttackRounds(
        attack, on: victim, prompts, Self.sampling, batch: 2, seed: 5, in: try Run(folder)
      ) { _, indices in
        for i in indices { seen[i, default: 0] += 1 }
        return indices.map { $0 == 1 && seen[1] == 3 }
      }
      let found = try rounds(before: [true, false, false])
      #expect(found.map(\.success) == [true, true, false])
      #expect(found.map(\.queries) == [0, 3, 4] && seen == [1: 3, 2: 4])
      #expect(found[0].attempt == nil && found[1].attempt?.seed == 2 && found[2].attempt == nil)
      // Failed attempts are in the log, and the one that succeeded is not among them.
      let log = try Run(folder).events("random.jsonl").map {
        try $0.decoded(as: AttackOutcome.self)
      }
      #expect(log.map { $0.failed?.count ?? 0 } == [0, 2, 4] && log.map(\.index) == [0, 1, 2])
      #expect(log[1].failed?.contains { $0.prompt == found[1].attempt?.prompt } == false)
      #expect(Set(log[2].failed?.map(\.prompt) ?? []).count == 4)
    }
  }

  /// The log of a long search has its beginning and its end.
  @Test func failedAttemptsAreBounded() throws {
    Runtime.threads = 1
    let victim = try Self.victim("tiny-sd1")
    var attack = SeedSearch()
    attack.attempts = 20
    try Fixtures.temporaryFolder { folder in
      var rounds = AttackRounds(
        attack, on: victim, [Self.prompts[0]], Self.sampling, batch: 1, seed: 5,
        in: try Run(folder)
      ) { _, indices in indices.map { _ in false } }
      let outcomes = try rounds(before: [false])
      let failed = try #require(outcomes[0].failed)
      var session = try attack.session(
        [Self.prompts[0]], SeedSearch.Target(victim), seed: 5)
      let all = try (0..<20).compactMap { _ in try session.next([0])[0] }
      #expect(failed == Array(all[..<8] + all[12...]))
    }
  }

  /// Prompts of a file bring their own guidance and size: each attempt is drawn with its prompt's.
  @Test func promptsBringTheirOwnGuidanceAndSize() throws {
    Runtime.threads = 1
    let victim = try Self.victim("tiny-sd1")
    var prompts = Self.prompts + [AttackedPrompt("a fox in snow", seed: 4)]
    prompts[1].guidance = 9
    prompts[2].width = 2 * victim.model.imageSize
    try Fixtures.temporaryFolder { folder in
      var drawn: [Int: Tensor] = [:]
      var rounds = AttackRounds(
        NoAttack(), on: victim, prompts, Self.sampling, batch: 8, seed: 5, in: try Run(folder)
      ) { pictures, indices in
        for (k, i) in indices.enumerated() { drawn[i] = pictures[0, at: k] }
        return indices.map { _ in true }
      }
      #expect(try rounds(before: [false, false, false]).map(\.success) == [true, true, true])
      for (i, prompt) in prompts.enumerated() {
        let expected = try victim.model.images(
          [prompt.prompt], seeds: [prompt.seed], prompt.sampling(over: Self.sampling))[0]
        let found = try #require(drawn[i])
        #expect(found.shape == [3, expected.height, expected.width])
        #expect((found - expected.tensor[0, at: 0]).abs().max().item < 0.02, "prompt \(i)")
      }
      let usual = try victim.model.images(
        [prompts[1].prompt], seeds: [prompts[1].seed], Self.sampling)[0]
      #expect(try (#require(drawn[1]) - usual.tensor[0, at: 0]).abs().max().item > 0.02)
    }
  }

  /// Attacks that search along the original's pictures, or act between the steps, take pictures of several sizes.
  @Test(arguments: ["unlearndiff", "p4d", "noise", "handover", "latent"])
  func searchesTakePicturesOfSeveralSizes(_ name: String) throws {
    Runtime.threads = 1
    let original = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    var prompts = Self.prompts
    prompts[1].width = 2 * original.imageSize
    let concept = try Concept.resolve(
      "a fox", in: nil, replacement: nil, ConceptWording(kind: .object))
    let victim = try Victim(original, original: original, concepts: [concept]) { prompt in
      let own = prompts.first { $0.prompt == prompt.prompt } ?? prompt
      return try original.images(
        [own.prompt], seeds: [own.seed], own.sampling(over: Self.sampling))[0]
    }
    let attack = try AttackScene.small(AttackCatalog.builtIn.named(name))
    try Fixtures.temporaryFolder { folder in
      var widths: [Int: Int] = [:]
      var rounds = AttackRounds(
        attack, on: victim, prompts, Self.sampling, batch: 4, seed: 5, in: try Run(folder)
      ) { pictures, indices in
        for i in indices { widths[i] = pictures.size(3) }
        return indices.map { _ in true }
      }
      _ = try rounds(before: [false, false])
      #expect(widths == [0: original.imageSize, 1: 2 * original.imageSize])
    }
  }
}
