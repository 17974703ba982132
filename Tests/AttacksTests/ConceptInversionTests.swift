// A new word's embedding, learned from pictures.
import Diffusion
import Editing
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training

@testable import Attacks

@Suite struct ConceptInversionTests {
  /// A new word takes the concept's place; with the concept's own embedding nothing changes; it learns.
  @Test func newWords() throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let victim = try AttackScene.victim(model)
    let target = EmbeddingTarget(victim)
    let prompt = "a noto emoji of a fox"
    let renamed = ConceptInversion.renamed(prompt, target.concepts)
    #expect(renamed == "a noto emoji of a \(Attempt.newWord)")
    // "fox" may be several byte pairs here: one that is a single token stands in for it.
    let one = try #require(
      target.tokenizer.decoder().words.first { id in
        let text = target.tokenizer.decoder().text([id])
        return target.tokenizer.words(text).rows == [[id]]
      })
    let word = target.tokenizer.decoder().text([one])
    let vector = model.wordEmbeddings([target.tokenizer.same([one])])[0, at: 0][0, at: 0].floats
    let (own, new) = (
      try victim.conditioning(for: [Attempt("a \(word) b", seed: 1)]),
      try victim.conditioning(for: [
        Attempt("a \(Attempt.newWord) b", seed: 1, vector: vector)
      ])
    )
    #expect(own.hidden.distance(to: new.hidden) < 1e-6)
    // Any other vector takes the place of the new word's row of the table, and of no other row.
    let strange = Tensor.randn([vector.count], Generator(seed: 7))
    let ids = target.tokenizer.padded(
      PromptTokens([
        target.tokenizer.words("a").rows[0] + [one] + target.tokenizer.words("b").rows[0]
      ]))
    let rows = model.wordEmbeddings([ids])  // [1, L, D]
    let place = 1 + target.tokenizer.words("a").rows[0].count
    let sequence = Tensor.concatenate(
      [
        rows.narrowed(1, 0, place), strange.reshaped(1, 1, vector.count),
        rows.narrowed(1, place + 1, rows.size(1) - place - 1),
      ], 1)
    let other = try victim.conditioning(for: [
      Attempt("a \(Attempt.newWord) b", seed: 1, vector: strange.floats)
    ])
    let written = withoutGradients { model.encode(sequence) }
    #expect(other.hidden.distance(to: written.hidden) < 1e-6)
    #expect(other.hidden.distance(to: own.hidden) > 1e-2)
    #expect(!ConceptInversion().canAttack(AttackedPrompt("a cat", seed: 1), victim.known))
    var attack = ConceptInversion()
    (attack.pictures, attack.pictureSteps, attack.training.steps) = (2, 2, 8)
    let learned = try attack.learn(AttackScene.concept, target, seed: 1)
    let start = model.wordEmbeddings([target.tokenizer.words("fox")])[0, at: 0].mean(0)
    // The pictures of the concept, under noise that was not learned from, are explained better.
    let phrases = Erasure(forget: target.concepts).drawPhrases(2, seed: 2)
    let set = try LatentSet(
      drawnBy: model, phrases.map(\.prompt), steps: 2, guidance: attack.guidance, seed: 3)
    let places = try NewWordPrompts(
      phrases.map { ConceptInversion.renamed($0.prompt, target.concepts) }, target)
    func loss(_ v: Tensor) -> Double {
      withoutGradients {
        let d = set.draw(64, model, Step(index: 0, seed: 99))
        return target.predict(d.xt, at: d.t, given: places.rows(d.picks, with: v))
          .meanSquaredError(model.schedule.target(d.x0, d.eps, at: d.t)).item
      }
    }
    #expect(loss(learned) < loss(start), "\(loss(learned)) \(loss(start))")
  }

  /// With one attempt each, the learned word in the concept's place explains pictures of the concept better than random
  /// tokens there, in each of four draws of them, on noise that was not learned from. The model is one that nothing was
  /// taken from, and the word begins as another's.
  @Test func theWordBeatsChanceAtEqualQueries() throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let victim = try AttackScene.victim(model)
    let target = EmbeddingTarget(victim)
    let phrases = Erasure(forget: target.concepts).drawPhrases(4, seed: 2)
    let set = try LatentSet(
      drawnBy: model, phrases.map(\.prompt), steps: 2, guidance: 1, seed: 3)
    func loss(_ given: (_ picks: [Int]) throws -> Conditioning) throws -> Double {
      try withoutGradients {
        let d = set.draw(64, model, Step(index: 0, seed: 99))
        return model.predict(d.xt, at: d.t, given: try given(d.picks))
          .meanSquaredError(model.schedule.target(d.x0, d.eps, at: d.t)).item
      }
    }
    var attack = ConceptInversion()
    (attack.pictures, attack.pictureSteps, attack.guidance, attack.initial) = (4, 2, 1, "umbrella")
    attack.training.steps = 30
    let learned = try attack.learn(AttackScene.concept, target, seed: 1).floats
    let renamed = phrases.map { ConceptInversion.renamed($0.prompt, target.concepts) }
    let own = try loss { picks in
      try victim.conditioning(
        for: picks.map { Attempt(renamed[$0], seed: 1, vector: learned) })
    }
    let decoder = target.tokenizer.decoder()
    for seed in 0..<4 {
      let g = Generator(seed: UInt64(40 + seed))
      let texts = renamed.map { text in
        let pick = Tensor.randint(below: decoder.words.count, [1], g).ints[0]
        return text.replacing(Attempt.newWord, with: decoder.text([decoder.words[pick]]))
      }
      let chance = try loss { picks in model.embed(picks.map { texts[$0] }) }
      #expect(own < chance, "\(own) \(chance)")
    }
  }

  /// Every concept has a word of its own, the one that it has alone, and a prompt gets that of the concept it names.
  @Test func everyConceptHasAWord() throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    var attack = ConceptInversion.tiny
    attack.initial = ""
    let owl = Concept("owl", phrases: [.init("an owl", words: "owl", anchor: "")])
    let prompts = [AttackedPrompt("a fox", seed: 1), AttackedPrompt("an owl", seed: 2)]
    func vectors(_ concepts: [Concept], _ open: [Int]) throws -> [Int: [Float]?] {
      let victim = try Victim(model, original: model, concepts: concepts) { _ in Image.grey(16, 16)
      }
      var session = try AttackScene.session(attack, prompts, victim, seed: 3)
      return try session.next(open).mapValues(\.vector)
    }
    let together = try vectors([AttackScene.concept, owl], [0, 1])
    #expect(together[0] == (try vectors([AttackScene.concept], [0]))[0])
    #expect(together[1] == (try vectors([owl], [1]))[1])
    #expect(together[0] != together[1])
  }

  /// Whole words are found, in any case, the longest first: "an airline" has no place for line.
  @Test func wholeWords() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let line = [Concept("line"), Concept("line drawing")]
    let victim = try Victim(model, original: model, concepts: line) { _ in Image.grey(16, 16) }
    func can(_ prompt: String) -> Bool {
      ConceptInversion().canAttack(AttackedPrompt(prompt, seed: 1), victim.known)
    }
    #expect(!can("an airline") && !can("lines") && can("a LINE, red"))
    #expect(ConceptInversion.renamed("an airline, line style", line) == "an airline, <new> style")
    #expect(ConceptInversion.renamed("a Line Drawing of a cat", line) == "a <new> of a cat")
  }

  /// The word moves by the published steps: gradient by v alone, AdamW, the schedule's rate.
  @Test func stepsAreThoseWrittenOut() throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let victim = try AttackScene.victim(model)
    let target = EmbeddingTarget(victim)
    var attack = ConceptInversion()
    (attack.pictures, attack.pictureSteps) = (2, 2)
    (attack.training.steps, attack.training.batch, attack.training.schedule) = (4, 3, .linear)
    let learned = try attack.learn(AttackScene.concept, target, seed: 1)

    let phrases = Erasure(forget: target.concepts).drawPhrases(2, seed: 2)
    let set = try LatentSet(
      drawnBy: model, phrases.map(\.prompt), steps: 2, guidance: attack.guidance, seed: 3)
    let places = try NewWordPrompts(
      phrases.map { ConceptInversion.renamed($0.prompt, target.concepts) }, target)
    let v = model.wordEmbeddings([target.tokenizer.words("fox")])[0, at: 0].mean(0).detached()
      .cloned()
    v.requiresGradient = true
    var optimizer = attack.training.optimizer.make()
    for index in 0..<4 {
      let d = set.draw(3, model, Step(index: index, seed: 4))
      let found = target.predict(d.xt, at: d.t, given: places.rows(d.picks, with: v))
      let loss = found.meanSquaredError(model.schedule.target(d.x0, d.eps, at: d.t))
      let factor = attack.training.schedule.factor(index, of: 4, warmup: 0)
      optimizer.step([v], gradients(of: loss, with: [v]), rate: 0.08 * factor)
    }
    #expect(learned.isIdentical(to: v.detached()))
  }
}
