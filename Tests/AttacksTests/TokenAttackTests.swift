// The parts of the attacks that have exact answers.
import Diffusion
import Editing
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training

@testable import Attacks

@Suite(.serialized) struct TokenAttackTests {
  static func model() throws -> DiffusionModel {
    try DiffusionModel.load(Fixtures.url("tiny-sd1"))
  }

  @Test func projectionOntoTheSimplex() {
    let given = Tensor([0.5, 0.4, 0.3, -0.2, 0.1, 0.2, 0.3, 0.4, 5, 0, 0, 0] as [Float], [3, 4])
    let expected = Tensor(
      [0.433333, 0.333333, 0.233333, 0, 0.1, 0.2, 0.3, 0.4, 1, 0, 0, 0] as [Float], [3, 4])
    #expect(SimplexTokens.projected(given).distance(to: expected) < 1e-5)
  }

  /// The bisection of the published code finds the same points.
  @Test func projectionIsTheBisection() {
    let a = Tensor.randn([3, 500], Generator(seed: 4)) * 0.1
    let found = SimplexTokens.projected(a)
    for (row, exact) in zip(a.chunks(3), found.chunks(3)) {
      var (low, high) = (-2.0, 2.0)
      for _ in 0..<60 {
        let middle = (low + high) / 2
        let total = (row.to(.float64) - middle).clamped(0, 1).sum().item
        if total > 1 { low = middle } else { high = middle }
      }
      #expect((row.to(.float64) - low).clamped(0, 1).to(.float32).distance(to: exact) < 1e-5)
    }
  }

  /// A row that is all on one word shows that word; the mean of many draws is the row.
  @Test func wordsAreDrawnFromTheRow() {
    let table = Tensor.identity(4)
    var tokens = SimplexTokens(2, table: table, rate: 0.01, weightDecay: 0)
    #expect(tokens.best.count == 2)
    var total = Tensor.zeros([2, 4])
    for i in 0..<400 { total = total + tokens.show(Generator(seed: UInt64(i))) }
    #expect((total / 400).distance(to: Tensor.full([2, 4], 0.25)) < 0.08)
    // Downhill is word 2: the gradient by it is the smallest.
    for _ in 0..<80 { tokens.move(Tensor([1, 1, -1, 1, 1, 1, -1, 1] as [Float], [2, 4])) }
    #expect(tokens.best == [2, 2])
    #expect(tokens.show(Generator(seed: 9)).distance(to: table.indexed(0, [2, 2])) == 0)
  }

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

  @Test func placements() {
    let words = [10, 11, 12, 13]
    #expect(TokenPlacement.prefix.ids(words, adversary: [1, 2]) == [1, 2, 10, 11, 12, 13])
    #expect(TokenPlacement.suffix.ids(words, adversary: [1, 2]) == [10, 11, 12, 13, 1, 2])
    #expect(TokenPlacement.insert.ids(words, adversary: [1, 2]) == [1, 10, 11, 2, 12, 13])
    #expect(TokenPlacement.replace.ids(words, adversary: [1, 2]) == [1, 2])
    #expect(
      TokenPlacement.replace.length(words, 3) == 3 && TokenPlacement.insert.length(words, 3) == 7)
  }

  /// With the embeddings of real tokens in the adversary's places, the sequence is that of the prompt with them.
  @Test(arguments: TokenPlacement.allCases) func adversarialPromptsAreThePromptsTheySpell(
    _ placement: TokenPlacement
  ) throws {
    let model = try Self.model()
    let tokenizer = try model.tokenizer(for: "a test")
    let prompts = ["a noto emoji of a fox", "fox"]
    let ids = [tokenizer.words("cat")[0], tokenizer.words("dog")[0]]
    let places = try AdversarialPrompts(prompts, tokenizer, model, placement, tokens: 2)
    let adversary = model.wordEmbeddings([ids, ids])
    let expected = prompts.map { prompt -> [Int] in
      let body =
        [tokenizer.startToken] + placement.ids(tokenizer.words(prompt), adversary: ids)
        + [tokenizer.endToken]
      return body + Array(repeating: tokenizer.padToken, count: tokenizer.length - body.count)
    }
    #expect(places.embeddings(adversary).distance(to: model.wordEmbeddings(expected)) == 0)
    #expect(
      places.rows([1]).embeddings(adversary.narrowed(0, 1, 1))
        .distance(to: model.wordEmbeddings([expected[1]])) == 0)
    let long = String(repeating: "fox ", count: tokenizer.length)
    if placement != .replace {
      #expect(throws: LetheError.self) {
        try AdversarialPrompts([long], tokenizer, model, placement, tokens: 1)
      }
    }
  }

  /// On a loss that prefers one word, both attacks by gradient find a prompt with a lower loss than they began
  /// with: the victim explains the picture better.
  @Test(arguments: ["unlearndiff", "p4d"]) func tokensLowerTheirLoss(_ name: String) throws {
    Runtime.threads = 1
    let model = try Self.model()
    let target = try AttackContractTests.target(model, .whiteBox)
    let prompt = AttackedPrompt("a fox", seed: 3)
    let type = try AttackCatalog.builtIn.named(name)
    func configured<A: Attack>(_ type: A.Type) throws -> any Attack {
      var json = try JSON(encoding: A())
      (json["times"], json["steps"], json["rate"]) = (1, 120, 0.1)
      return try json.decoded(as: A.self)
    }
    var session = try configured(type).session([prompt], target, seed: 1)
    var last: Attempt?
    while let found = try session.next([0])[0] { last = found }
    let attempt = try #require(last)
    let x0 = try target.target(prompt)
    func loss(_ text: String) -> Double {
      withoutGradients {
        let c = model.embed([text])
        let parts = (0..<40).map { i -> Double in
          let g = Generator(seed: UInt64(500 + i))
          let eps = Tensor.randn(x0.shape, g)
          let t = Tensor.full([1], 500)
          let xt = model.schedule.noised(x0, eps, at: t)
          let goal =
            name == "p4d"
            ? model.predict(xt, at: t, given: model.embed([prompt.prompt]))
            : model.schedule.target(x0, eps, at: t)
          return model.predict(xt, at: t, given: c).meanSquaredError(goal).item
        }
        return parts.reduce(0, +) / 40
      }
    }
    // Random words before the prompt, as the attack began.
    let decoder = target.tokenizer.decoder()
    let start = (0..<10).map { i -> Double in
      let picks = Tensor.randint(
        below: decoder.words.count, [3], Generator(seed: UInt64(i))
      ).ints.map { decoder.words[$0] }
      return loss(decoder.text(picks + target.tokenizer.words(prompt.prompt)))
    }
    #expect(loss(attempt.prompt) < start.reduce(0, +) / 10)
  }

  /// The genetic search comes nearer to the target than a random population's best.
  @Test func geneticSearchImproves() throws {
    let model = try Self.model()
    let target = try AttackContractTests.target(model, .blackBox)
    var attack = RingABell()
    (attack.population, attack.tokens) = (20, 6)
    let prompt = AttackedPrompt("a cat", seed: 1)
    func distance(_ generations: Int) throws -> Double {
      attack.generations = generations
      var session = try attack.session([prompt], target, seed: 5)
      let attempt = try #require(try session.next([0])[0])
      let pairs = AttackContractTests.concept.phrases
      let v =
        (model.embed(pairs.map(\.prompt)).hidden - model.embed(pairs.map(\.anchor)).hidden).mean(0)
      let y = model.embed([prompt.prompt]).hidden[0, at: 0] + 3 * v
      return (model.embed([attempt.prompt]).hidden[0, at: 0] - y).squared().sum().item
    }
    #expect(try distance(40) < (try distance(1)))
    attack.population = 1
    #expect(throws: LetheError.self) { try attack.session([prompt], target, seed: 5) }
  }
}
