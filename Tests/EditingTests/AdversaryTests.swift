// The adversary and the training against it.
import Diffusion
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training

@testable import Editing

@Suite struct AdversaryTests {
  struct Scene {
    let original: DiffusionModel
    let student: DiffusionModel
    let states: NegativeGuidance
    let tokenizer: PromptTokenizer
  }

  /// A student whose text encoder was disturbed, and states of two prompts.
  static func scene() throws -> Scene {
    Runtime.threads = 1
    let original = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let path = ParameterPath("text_encoder.text_model.encoder.layers.0.mlp.fc1.weight")
    let weight = try #require(original.parameters[path])
    let student = try original.replacing([
      path: weight + 0.3 * Tensor.randn(weight.shape, Generator(seed: 3))
    ])
    let prompts = ["a noto emoji of a fox", "a fox"]
    let followed = try DenoisingStates.follow(original, prompts, steps: 4, guidance: 3, seed: 1)
    return Scene(
      original: original, student: student,
      states: NegativeGuidance(
        followed, prompts: StudentPrompts(prompts, original, live: true), eta: 1, batch: 2),
      tokenizer: try original.tokenizer(for: "a test"))
  }

  func attack(_ scene: Scene, _ options: AdversaryOptions, seed: UInt64 = 1) throws -> (
    from: Tensor, to: Tensor
  ) {
    let adversary = options.make()
    let places = try adversary.places(for: scene.states.prompts, scene.tokenizer, scene.original)
    let start = adversary.beginning(2, scene.tokenizer, scene.original, Generator(seed: 5))
    let end = try adversary.attack(
      scene.student, scene.states, [0, 1], places, from: start, Step(index: 0, seed: seed))
    return (start, end)
  }

  /// The adversary's loss: the distance from the student's prediction to the original's.
  func gap(_ scene: Scene, _ options: AdversaryOptions, _ a: Tensor) throws -> Double {
    let adversary = options.make()
    let places = try adversary.places(for: scene.states.prompts, scene.tokenizer, scene.original)
    return try withoutGradients {
      let c = scene.student.encode(places.embeddings(a))
      let parts = try (0..<20).map { i -> Double in
        let d = try scene.states.draw([0, 1], Step(index: i, seed: 9))
        return scene.student.predict(d.x, at: d.t, given: c).meanSquaredError(d.conditional).item
      }
      return parts.reduce(0, +) / 20
    }
  }

  @Test(arguments: TokenPlacement.allCases) func theAttackClosesTheGap(_ placement: TokenPlacement)
    throws
  {
    let scene = try Self.scene()
    let before = scene.student.hash()
    var adversary = AdversaryOptions()
    (adversary.steps, adversary.rate, adversary.tokens) = (40, 0.05, 2)
    adversary.placement = placement
    let (from, to) = try attack(scene, adversary)
    #expect(try gap(scene, adversary, to) < (try gap(scene, adversary, from)))
    #expect(scene.student.hash() == before)
  }

  /// One step against the sign of the gradient, as long as all steps of the other kind together.
  @Test func fastIsOneStep() throws {
    let scene = try Self.scene()
    var adversary = AdversaryOptions()
    (adversary.kind, adversary.steps, adversary.rate) = (.fast, 30, 1e-3)
    let (from, to) = try attack(scene, adversary)
    let moved = (to - from).abs()
    #expect(abs(moved.flattened().max(0).item - 0.03) < 1e-6)
    #expect(abs(moved.mean().item - 0.03) < 1e-4)
    // As published: 30 steps in the first one's direction, of which the last is lost.
    adversary.published = true
    let published = try attack(scene, adversary)
    let far = (published.to - published.from).abs()
    #expect(abs(far.mean().item - 0.029) < 2e-4)
    #expect((published.to - published.from).sign().distance(to: (to - from).sign()) == 0)
    // With one step the published attack gives back where it began.
    adversary.steps = 1
    let none = try attack(scene, adversary)
    #expect(none.to.distance(to: none.from) == 0)
  }

  /// Two tokens in one word: counted are tokens, where nothing else is asked for.
  @Test func promptsAreNotCutByWords() throws {
    let scene = try Self.scene()
    let tokenizer = scene.tokenizer
    let word = try #require(
      ["nudity", "tench", "zygomatic", "xylophonist"].first { tokenizer.words($0).count > 1 })
    let ids = tokenizer.words(word).rows[0]
    let start = tokenizer.encoders[0].startToken
    let prompts = StudentPrompts([word], scene.original, live: true)
    var adversary = AdversaryOptions()
    func sequence() throws -> Tensor {
      let places = try adversary.make().places(for: prompts, tokenizer, scene.original)
      return places.embeddings(scene.original.wordEmbeddings([tokenizer.same([start])]))
    }
    func expected(_ body: [Int]) -> Tensor {
      scene.original.wordEmbeddings([tokenizer.padded(tokenizer.same([start] + body))])
    }
    #expect(try sequence().distance(to: expected(ids)) == 0)
    adversary.published = true
    let cut = Array(ids.prefix(1) + ids.dropFirst(2))
    #expect(try sequence().distance(to: expected(cut)) == 0)
  }

  /// The rule: without the adversary first, then with; the retained part weighs gamma, or has steps of its own.
  @Test func trainingTakesTurns() throws {
    let scene = try Self.scene()
    var adversary = AdversaryOptions()
    (adversary.steps, adversary.rate, adversary.start) = (2, 0.01, .latest)
    let retain = try Preservation(
      of: ["a cat", "a dog"], scene.original, trajectories: 2, steps: 2, guidance: 2, batch: 2,
      live: true,
      seed: 1)
    let paths = try ParameterSelection.named("text_encoder:1").paths(of: scene.student.parameters)
    let tensors = paths.compactMap { scene.student.parameters[$0] }
    for tensor in tensors { tensor.requiresGradient = true }
    func losses(gamma: Double, alternates: Bool) throws -> [[String: Double]] {
      var rule = try Adversarial(
        scene.states, retain: retain, gamma: gamma, alternates: alternates, adversary.make(),
        warmup: 2,
        every: 1, batch: 2, scene.original)
      return try (0..<4).map { i in
        var step = Step(index: i, seed: 4)
        let found = try rule.gradient(scene.student, over: tensors, &step)
        #expect(found.gradients.allSatisfy { $0.isFinite })
        var log = step.log
        log["loss"] = found.loss
        return log
      }
    }
    for log in try losses(gamma: 0.3, alternates: false) {
      let (forget, kept) = (try #require(log["forget"]), try #require(log["retain"]))
      let loss = try #require(log["loss"])
      #expect(abs(loss - forget - 0.3 * kept) < 1e-5 * loss)
    }
    let turns = try losses(gamma: 0.3, alternates: true)
    #expect(turns.map { $0["forget"] != nil } == [true, false, true, false])
  }

  /// Attacks are counted in steps of forgetting, beside steps that retain or without them; between attacks the last
  /// answers stand, and a `latest` attack begins at them.
  @Test(arguments: [false, true]) func attacksAreCountedInStepsOfForgetting(_ alternates: Bool)
    throws
  {
    let scene = try Self.scene()
    var options = AdversaryOptions()
    (options.steps, options.rate, options.start) = (1, 0.01, .latest)
    let retain = try Preservation(
      of: ["a cat"], scene.original, trajectories: 1, steps: 2, guidance: 2, batch: 1, live: true,
      seed: 1)
    let path = ParameterPath("text_encoder.text_model.encoder.layers.0.mlp.fc1.weight")
    let tensor = try #require(scene.student.parameters[path])
    tensor.requiresGradient = true
    var rule = try Adversarial(
      scene.states, retain: retain, gamma: 1, alternates: alternates, options.make(), warmup: 2,
      every: 2, batch: 8, scene.original)
    var carried: [String: Tensor] = [:]
    var changed: [Int] = []
    var moves: [Int: [String: Double]] = [:]
    for i in 0..<(alternates ? 14 : 7) {
      var step = Step(index: i, seed: 4)
      step.carriedTensors = carried
      _ = try rule.gradient(scene.student, over: [tensor], &step)
      let now = step.carriedTensors
      for (name, a) in now {
        #expect(a.shape == [1, 1, 16])
        guard let last = carried[name] else { continue }
        // One step of Adam is as long as its rate in every coordinate.
        let moved = a.distance(to: last)
        moves[i, default: [:]][name] = moved
        #expect(moved == 0 || abs(moved - options.rate) < 1e-5, "\(i) \(moved)")
      }
      if now.contains(where: { carried[$0.key]?.distance(to: $0.value) != 0 }) { changed.append(i) }
      carried = now
    }
    // Of forgetting steps 0 to 6, the first two are clean, and every other one after them attacks.
    #expect(changed == [2, 4, 6].map { alternates ? 2 * $0 : $0 }, "\(moves)")
    var step = Step(index: 4, seed: 4)
    step.carriedTensors = carried.mapValues { _ in Tensor.zeros([2, 1, 16]) }
    #expect(throws: LetheError.self) {
      try rule.gradient(scene.student, over: [tensor], &step)
    }
  }

  /// After the warm-up the loss is that of the adversary's answer in the prompt's place, towards the target of the
  /// prompt itself: by hand in a step that attacks, and in one between attacks, which takes the answers of the step
  /// before.
  @Test func theLossIsThatOfTheAnswer() throws {
    let scene = try Self.scene()
    var options = AdversaryOptions()
    (options.steps, options.rate, options.tokens) = (3, 0.5, 2)
    let adversary = options.make()
    let places = try adversary.places(for: scene.states.prompts, scene.tokenizer, scene.original)
    var rule = try Adversarial(
      scene.states, retain: nil, gamma: 1, alternates: false, adversary, warmup: 0, every: 2,
      batch: 2, scene.original)
    let path = ParameterPath("text_encoder.text_model.encoder.layers.0.mlp.fc1.weight")
    let tensor = try #require(scene.student.parameters[path])
    tensor.requiresGradient = true
    func rows(_ step: Step) -> [Int] { Tensor.randint(below: 2, [2], step.generator).ints }
    let seed = try #require(
      (1...50).map { UInt64($0) }.first { seed in
        (0..<2).allSatisfy { Set(rows(Step(index: $0, seed: seed))).count == 2 }
      }, "both prompts are in both steps")
    var carried: [String: Tensor] = [:]
    for i in 0..<2 {
      var step = Step(index: i, seed: seed)
      step.carriedTensors = carried
      let found = try rule.gradient(scene.student, over: [tensor], &step)
      carried = step.carriedTensors
      // Draws before those of the loss: the prompts, random words, and a state for each step of an attack.
      let replay = Step(index: i, seed: seed)
      let picks = rows(replay)
      _ = adversary.beginning(2, scene.tokenizer, scene.original, replay.generator)
      for _ in 0..<(i == 0 ? options.steps : 0) { _ = try scene.states.draw(picks, replay) }
      let d = try scene.states.draw(picks, replay)
      let prompts = picks.map { scene.states.prompts.texts[$0] }
      let target = withoutGradients { () -> Tensor in
        let a = scene.original.predict(d.x, at: d.t, given: scene.original.embed(["", ""]))
        let c = scene.original.predict(d.x, at: d.t, given: scene.original.embed(prompts))
        return a - (c - a)
      }
      func loss(_ given: Conditioning) -> Tensor {
        (scene.student.predict(d.x, at: d.t, given: given) - target).squared().mean()
      }
      let answers = try picks.map { try #require(carried["adversary.\($0)"]) }
      let expected = loss(
        scene.student.encode(places.rows(picks).embeddings(Tensor.concatenate(answers))))
      let plain = loss(scene.student.embed(prompts)).item
      #expect(abs(found.loss / expected.item - 1) < 1e-5, "\(i)")
      #expect(abs(plain / expected.item - 1) > 1e-3, "\(i) \(plain) \(expected.item)")
      let gradient = gradients(of: expected, with: [tensor])[0]
      #expect(found.gradients[0].distance(to: gradient) < 1e-4 * gradient.norm().item, "\(i)")
    }
  }

  /// Without something to retain every step forgets.
  @Test func nothingToRetainTakesNoSteps() throws {
    let scene = try Self.scene()
    var rule = try Adversarial(
      scene.states, retain: nil, gamma: 1, alternates: true, AdversaryOptions().make(), warmup: 9,
      every: 1, batch: 1, scene.original)
    let tensor = try #require(
      scene.student.parameters[ParameterPath("unet.conv_out.bias")])
    tensor.requiresGradient = true
    for i in 0..<2 {
      var step = Step(index: i, seed: 4)
      _ = try rule.gradient(scene.student, over: [tensor], &step)
      // Steps before the attacks forget with the prompts as they are.
      let replay = Step(index: i, seed: 4)
      let rows = Tensor.randint(below: 2, [1], replay.generator).ints
      let expected = try withoutGradients {
        let d = try scene.states.draw(rows, replay)
        return scene.student.predict(
          d.x, at: d.t, given: scene.states.prompts.rows(rows, of: scene.student)
        ).meanSquaredError(d.target(of: scene.student)).item
      }
      #expect(abs(try #require(step.log["forget"]) - expected) < 1e-6 * (1 + expected))
      #expect(step.log["retain"] == nil && expected > 0)
    }
  }

  /// The first layers are exactly those: 1 is not 10.
  @Test func layersByNumber() throws {
    func path(_ layer: Int) -> ParameterPath {
      ParameterPath("text_encoder.text_model.encoder.layers.\(layer).mlp.fc1.weight")
    }
    let first = try ParameterSelection.named("text_encoder:2")
    #expect((0..<12).filter { first.matches(path($0)) } == [0, 1])
    #expect(first.trainsText && !first.matches(ParameterPath("unet.conv_in.weight")))
    #expect(!first.matches(ParameterPath("text_encoder.text_model.final_layer_norm.weight")))
    let all = try ParameterSelection.named("text_encoder")
    #expect(all.matches(ParameterPath("text_encoder.text_model.final_layer_norm.weight")))
    // Both encoders, either, or layers of each.
    func chosen(_ name: String) throws -> [String] {
      let selection = try ParameterSelection.named(name)
      #expect(selection.trainsText)
      return ["text_encoder", "text_encoder_2", "text_encoder_22"].flatMap { encoder in
        [0, 1, 10].map { "\(encoder).text_model.encoder.layers.\($0).mlp.fc1.weight" }
          + ["\(encoder).text_projection.weight", "\(encoder).text_model.embeddings.x.weight"]
      }.filter { selection.matches(ParameterPath($0)) }
    }
    #expect(try chosen("text_encoders").count == 8 && chosen("text_encoder").count == 4)
    #expect(try chosen("text_encoder_2").allSatisfy { $0.hasPrefix("text_encoder_2.") })
    #expect(try chosen("text_encoder_2").count == 4)
    #expect(
      try chosen("text_encoders:1")
        == ["text_encoder", "text_encoder_2"].map {
          "\($0).text_model.encoder.layers.0.mlp.fc1.weight"
        })
    #expect(try chosen("text_encoder_2:2").count == 2)
    #expect(throws: LetheError.self) { try ParameterSelection.named("text_encoder_3") }
    #expect(throws: LetheError.self) { try ParameterSelection.named("text_encoder:none") }
    #expect(throws: LetheError.self) { try ParameterSelection.named("text_encoder:0") }
  }
}
