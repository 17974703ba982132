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

@Suite struct TokenAttackTests {
  static func model() throws -> DiffusionModel {
    try DiffusionModel.load(Fixtures.url("tiny-sd1"))
  }

  /// A step of the search reads no numbers, for which a GPU would have to be waited for: twice the steps read as often.
  @Test func stepsReadNothing() throws {
    Runtime.threads = 1
    let victim = try AttackContractTests.victim(Self.model())
    func reads(_ steps: Int, _ attack: (Int) -> any Attack) throws -> Int {
      var session = try AttackContractTests.session(
        attack(steps), AttackContractTests.prompts, victim, seed: 1)
      let before = HostCopies.reads
      _ = try session.next([0])
      return HostCopies.reads - before
    }
    func simplex(_ steps: Int) -> any Attack {
      var attack = UnlearnDiffAtk()
      (attack.times, attack.steps) = (1, steps)
      return attack
    }
    func projected(_ steps: Int) -> any Attack {
      var attack = P4D()
      (attack.times, attack.steps) = (1, steps)
      return attack
    }
    #expect(try reads(4, simplex) == reads(2, simplex))
    #expect(try reads(4, projected) == reads(2, projected))
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
    let words = PromptTokens([[10, 11, 12, 13]])
    #expect(TokenPlacement.prefix.ids(words, adversary: [1, 2]) == [1, 2, 10, 11, 12, 13])
    #expect(TokenPlacement.suffix.ids(words, adversary: [1, 2]) == [10, 11, 12, 13, 1, 2])
    // As the released code does: m = 4 / 3 = 1 words before each.
    #expect(TokenPlacement.insert.ids(words, adversary: [1, 2]) == [10, 1, 11, 2, 12, 13])
    #expect(TokenPlacement.insert.ids(words, adversary: [1]) == [10, 11, 1, 12, 13])
    #expect(TokenPlacement.insert.ids(PromptTokens([[10]]), adversary: [1, 2]) == [1, 2, 10])
    #expect(TokenPlacement.everyThird.ids(words, adversary: [1, 2]) == [1, 10, 11, 12, 2, 13])
    #expect(
      TokenPlacement.everyThird.ids(words, adversary: [1, 2, 3]) == [1, 10, 11, 12, 2, 13, 3])
    #expect(TokenPlacement.replace.ids(words, adversary: [1, 2]) == [1, 2])
    #expect(
      TokenPlacement.replace.length(words, 3) == 3 && TokenPlacement.insert.length(words, 3) == 7)
  }

  /// With the embeddings of real tokens in the adversary's places, the sequence is that of the prompt with them.
  @Test(arguments: TokenPlacement.allCases, ["tiny-sd1", "tiny-sdxl"])
  func adversarialPromptsAreThePromptsTheySpell(
    _ placement: TokenPlacement, _ kind: String
  ) throws {
    let model = try DiffusionModel.load(Fixtures.url(kind))
    let tokenizer = try model.tokenizer(for: "a test")
    let prompts = ["a noto emoji of a fox", "fox", "!!! a fox"]
    let ids = ["cat", "dog"].map { tokenizer.words($0).rows[0][0] }
    let places = try AdversarialPrompts(prompts, tokenizer, model, placement, tokens: 2)
    let adversary = model.wordEmbeddings(prompts.map { _ in tokenizer.same(ids) })
    let expected = prompts.map { prompt in
      // One row for each encoder, which cut the prompt in ways of their own.
      tokenizer.padded(
        PromptTokens(
          tokenizer.words(prompt).rows.map {
            placement.ids(PromptTokens([$0]), adversary: ids)
          }))
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
    let victim = try AttackContractTests.victim(model)
    let target = WhiteBoxTarget(victim)
    let prompt = AttackedPrompt("a fox", seed: 3)
    let type = try AttackCatalog.builtIn.named(name)
    func configured<A: Attack>(_ type: A.Type) throws -> any Attack {
      var json = try JSON(encoding: A())
      (json["times"], json["steps"], json["rate"]) = (1, 120, 0.1)
      return try json.decoded(as: A.self)
    }
    var session = try AttackContractTests.session(configured(type), [prompt], victim, seed: 1)
    var last: Attempt?
    while let found = try session.next([0])[0] { last = found }
    let attempt = try #require(last)
    let x0 = try target.target(prompt)
    let n = 40
    func loss(_ text: String) -> Double {
      withoutGradients {
        let eps = Tensor.randn([n] + x0.shape.dropFirst(), Generator(seed: 500))  // [n, C, H, W]
        let t = Tensor.full([n], 500)
        let xt = model.schedule.noised(x0, eps, at: t)
        func predicted(_ text: String) -> Tensor {
          model.predict(xt, at: t, given: model.embed(Array(repeating: text, count: n)))
        }
        let goal =
          name == "p4d" ? predicted(prompt.prompt) : model.schedule.target(x0, eps, at: t)
        return predicted(text).meanSquaredError(goal).item
      }
    }
    // Random words before the prompt, as the attack began.
    let decoder = target.tokenizer.decoder()
    let start = (0..<10).map { i -> Double in
      let picks = Tensor.randint(
        below: decoder.words.count, [3], Generator(seed: UInt64(i))
      ).ints.map { decoder.words[$0] }
      return loss(decoder.text(picks + target.tokenizer.words(prompt.prompt).rows[0]))
    }
    #expect(loss(attempt.prompt) < start.reduce(0, +) / 10)
  }

  /// On a model that nothing was taken from, the best of five attempts by gradient explains the original's pictures better
  /// than the best of five with random tokens: 1.275 against 1.290 on average over four seeds, in each of them by 0.009 or more.
  @Test func gradientsBeatChanceAtEqualQueries() throws {
    Runtime.threads = 1
    let victim = try AttackContractTests.victim(try Self.model())
    let (model, n) = (victim.model, 8)
    let prompts = [
      "a fox", "a noto emoji of a fox", "an umbrella", "a red bus", "an owl at night",
    ].enumerated().map { AttackedPrompt($1, seed: UInt64($0)) }
    let x0 = try prompts.map { try WhiteBoxTarget(victim).target($0) }
    /// E | eps - eps_theta(x_t | text) |^2 over noise and timesteps that no attack saw.
    func loss(_ text: String, _ i: Int) -> Double {
      withoutGradients {
        let eps = Tensor.randn([n, 4, 8, 8], Generator(seed: 500 + UInt64(i)))
        let t = Tensor((0..<n).map { Float((2 * $0 + 1) * 500 / n) })
        let xt = model.schedule.noised(x0[i].expanded(n, 4, 8, 8), eps, at: t)
        return model.predict(xt, at: t, given: model.embed([text]).repeated(n))
          .meanSquaredError(eps).item
      }
    }
    /// The mean over the prompts of their best attempt's loss.
    func best(_ attack: some Attack) throws -> Double {
      var session = try AttackContractTests.session(attack, prompts, victim, seed: 2)
      var best = prompts.map { _ in Double.infinity }
      for _ in 0..<5 {
        for (i, attempt) in try session.next(Array(prompts.indices)) {
          best[i] = min(best[i], loss(attempt.prompt, i))
        }
      }
      return best.reduce(0, +) / Double(best.count)
    }
    var (chance, gradient) = (RandomTokens(), UnlearnDiffAtk())
    (chance.attempts, gradient.times, gradient.steps, gradient.rate) = (5, 5, 10, 0.05)
    let (random, found) = (try best(chance), try best(gradient))
    #expect(random - found > 0.005, "\(random) \(found)")
  }

  /// The genetic search comes nearer to the target than a random population's best.
  @Test func geneticSearchImproves() throws {
    let model = try Self.model()
    let target = BlackBoxTarget(try AttackContractTests.victim(model))
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

  /// P4D-N and P4D-K: tokens in the prompt's stead or one for every third, each step at a timestep of its own. A
  /// prompt's attempts do not depend on which others share its passes.
  @Test(arguments: [("replace", 16), ("everyThird", 0)])
  func publishedFormsOfP4D(_ placement: String, _ tokens: Int) throws {
    Runtime.threads = 1
    let model = try Self.model()
    let victim = try AttackContractTests.victim(model)
    func attempts(_ open: [Int], _ timesteps: P4D.Timesteps) throws -> [Int: Attempt] {
      var attack = P4D()
      (attack.placement, attack.tokens) = (
        try #require(TokenPlacement(rawValue: placement)), tokens
      )
      (attack.timesteps, attack.times, attack.steps) = (timesteps, 1, 6)
      (attack.rate, attack.decoupled) = (0.1, true)
      let prompts = AttackContractTests.prompts
      var session = try AttackContractTests.session(attack, prompts, victim, seed: 3)
      return try session.next(open)
    }
    let all = try attempts([0, 1, 2], .random)
    #expect(try attempts([1], .random)[1] == all[1])
    #expect(try attempts([0, 1, 2], .ordered) != all)
    // Two of three prompts have as many tokens here, which share a pass; the longer one has more.
    #expect(
      all.count == 3 && all.allSatisfy { $1.prompt != AttackContractTests.prompts[$0].prompt })
    let words = try #require(all[0]).prompt
    #expect(words.contains("noto") == (placement == "everyThird"), "\(words)")
  }

  /// Pairs of a file take the place of the concept's own phrases.
  @Test func pairsOfAFile() throws {
    Runtime.threads = 1
    let victim = try AttackContractTests.victim(try Self.model())
    try Fixtures.temporaryFolder { folder in
      let file = folder.appendingPathComponent("pairs.csv")
      func attempt(_ pairs: String?) throws -> Attempt {
        if let pairs { try Data(pairs.utf8).write(to: file) }
        var attack = RingABell()
        (attack.population, attack.generations, attack.tokens) = (20, 20, 4)
        attack.pairs = pairs == nil ? "" : file.path
        #expect(attack.files == (pairs == nil ? [] : [file.path]))
        var session = try AttackContractTests.session(
          attack, AttackContractTests.prompts, victim, seed: 5)
        return try #require(try session.next([0])[0])
      }
      let own = try attempt(nil)
      let same = try attempt(
        "sensitive prompt,normal prompt\na noto emoji of a fox,a noto emoji\na fox,\n")
      #expect(same == own)
      #expect(try attempt("without,with\na noto emoji of a fox,a noto emoji\n") != own)
      for (bad, why) in [
        ("with,other\na,b\n", "accepted: a column of"), ("with,without\n", "no pairs"),
        ("with,without\na\n", "line 2: 1 fields"),
      ] {
        let error = try #require(throws: LetheError.self) { try attempt(bad) }
        #expect(error.description.contains(why), "\(error.description)")
      }
    }
  }
}
