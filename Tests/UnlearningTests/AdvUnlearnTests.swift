// AdvUnlearn: its trained weights, inner methods, adversary's prompts and cost.
import Diffusion
import Editing
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training

@testable import Unlearning

@Suite struct AdvUnlearnTests {
  static func method(_ change: (inout AdvUnlearn) -> Void = { _ in }) -> AdvUnlearn {
    var method = AdvUnlearn()
    (method.training.steps, method.training.learningRate) = (4, 1e-3)
    method.options = ["trajectories": 2, "trajectorySteps": 5]
    (method.warmup, method.adversary.steps, method.retainTrajectories) = (1, 2, 3)
    (method.guarding.limit, method.retainBatch) = (0, 2)
    change(&method)
    return method
  }

  /// The difference, and the evaluations that the run wrote down.
  func erase(_ method: AdvUnlearn) throws -> (ParameterVector, evaluations: Int) {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    return try Fixtures.temporaryFolder { folder in
      let run = try Run(folder, seed: 2)
      let vector = try method.erase(MethodContractTests.erasure, from: model, run).vector
      let cost = run.events().last { $0["stage"]?.string == "cost" }
      return (vector, try #require(cost?["evaluations"]?.int))
    }
  }

  @Test func onlyTheChosenPartIsTrained() throws {
    let all = try erase(Self.method()).0
    #expect(all.paths.allSatisfy { $0.name.hasPrefix("text_encoder.text_model") })
    #expect(!all.paths.contains { $0.name.contains("embeddings") })
    #expect(all.norm > 0)
    let first = try erase(Self.method { $0.parameters = "text_encoder:1" }).0
    #expect(first.paths.allSatisfy { $0.name.contains("layers.0.") } && first.norm > 0)
    let unet = try erase(Self.method { $0.parameters = "xattn" }).0
    #expect(unet.paths.allSatisfy { $0.name.contains("attn2") } && unet.norm > 0)
  }

  @Test func otherBases() throws {
    let ablation = try erase(Self.method { $0.base = "ablation" }).0
    // Its loss is another than that of the base by default.
    let esd = try erase(Self.method()).0
    #expect((ablation - esd).norm > 1e-2 * esd.norm && ablation.norm > 0)
    #expect(throws: LetheError.self) { try erase(Self.method { $0.base = "uce" }) }
    let error = try #require(throws: LetheError.self) {
      try erase(Self.method { $0.options = ["trajectorie": 2] })
    }
    #expect(error.description.contains("did you mean 'trajectories'"))
    #expect(throws: LetheError.self) { try erase(Self.method { $0.options = "trajectories" }) }
  }

  /// The target of SDD is the student's own prediction without the concept. The adversary's prompt stands in the
  /// concept's place, and takes no gradient of the target.
  @Test(arguments: [true, false]) func selfDistillation(_ pooled: Bool) throws {
    func method(_ base: InnerMethod, _ change: (inout AdvUnlearn) -> Void = { _ in }) -> AdvUnlearn
    {
      Self.method {
        ($0.base, $0.pooled, $0.warmup, $0.parameters) = (base, pooled, 0, "xattn")
        change(&$0)
      }
    }
    let attacked = try erase(method("sdd")).0
    #expect(attacked.norm > 0)
    #expect(attacked.paths.allSatisfy { $0.name.contains("attn2") })
    let plain = try erase(method("sdd") { $0.warmup = 4 }).0
    #expect((attacked - plain).norm > 1e-3 * plain.norm)
    #expect((attacked - (try erase(method("esd")).0)).norm > 1e-3 * plain.norm)
  }

  /// SDD inside AdvUnlearn with the text encoder's weights, as both have them by default: the prediction for the
  /// concept approaches the one without it, on noise that no step saw, and the prompts to retain stay. Ascent instead
  /// of descent, or the two predictions in each other's places with the gradient at the target, would part them.
  @Test func selfDistillationInTheTextEncoder() throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let phrases = try #require(MethodContractTests.erasure.forget.first?.phrases)
    var method = Self.method { ($0.base, $0.warmup, $0.gamma) = ("sdd", 4, 1) }
    (method.training.steps, method.training.batch) = (24, 4)
    let vector = try erase(method).0
    #expect(vector.paths.allSatisfy { $0.name.hasPrefix("text_encoder.") } && vector.norm > 0)
    let edited = try model.applying(vector)
    let n = 16
    func gap(
      _ a: DiffusionModel, _ prompt: String, _ b: DiffusionModel, _ other: String
    ) -> Double {
      withoutGradients {
        let x = Tensor.randn([n, 4, 8, 8], Generator(seed: 70))
        let t = Tensor((0..<n).map { Float(($0 * 2 + 1) * 500 / n) })
        let (one, two) = (
          a.predict(x, at: t, given: a.embed([prompt]).repeated(n)),
          b.predict(x, at: t, given: b.embed([other]).repeated(n))
        )
        return one.meanSquaredError(two).item
      }
    }
    for phrase in phrases {
      let before = gap(model, phrase.prompt, model, phrase.anchor)
      let after = gap(edited, phrase.prompt, edited, phrase.anchor)
      #expect(after < 0.7 * before, "\(phrase.prompt) \(before) \(after)")
      // The concept moved to the anchor and not the anchor to the concept.
      #expect(
        gap(edited, phrase.anchor, model, phrase.anchor)
          < gap(edited, phrase.prompt, model, phrase.prompt), "\(phrase.prompt)")
    }
  }

  /// A draw of SDD has the loss of its objective: the student's prediction without the concept, at the same states.
  @Test func theTargetOfADrawIsTheStudents() throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let path = ParameterPath("unet.conv_out.weight")
    let weight = try #require(model.parameters[path])
    let student = try model.replacing([path: 1.5 * weight])
    var sdd = SDD()
    sdd.trajectorySteps = 4
    let states = try sdd.forgetting(
      PromptedMethodTests.phrases, isReplaced: false, original: model, keeping: nil, live: false,
      by: nil, seed: 3
    ) { _, _ in }
    try withoutGradients {
      let drawn = try states.draw([1, 0], Step(index: 0, seed: 1))
      let wanted = student.predict(drawn.x, at: drawn.t, given: student.embed(["", "a cat"]))
      #expect(drawn.target(of: student).distance(to: wanted) < 1e-5)
      #expect(drawn.target(of: model).distance(to: wanted) > 1e-3)
      let known = model.predict(drawn.x, at: drawn.t, given: model.embed(["fox", "a fox"]))
      #expect(drawn.conditional.distance(to: known) < 1e-5)
    }
    // The target has no gradient, though it is the student's.
    let learned = (1.5 * weight).detached()
    learned.requiresGradient = true
    let learner = try model.replacing([path: learned])
    let draw = try states.draw([0], Step(index: 0, seed: 1))
    #expect(!draw.target(of: learner).requiresGradient)
    #expect(
      learner.predict(draw.x, at: draw.t, given: learner.embed(["a cat"])).requiresGradient)
  }

  /// A step of the whole method after its warm-up, by hand: ESD's loss on the adversary's answer to the weights in
  /// training, and gamma times the change of predictions for the prompt to retain.
  @Test func aStepAfterTheWarmup() throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let method = Self.method {
      ($0.warmup, $0.gamma) = (0, 0.4)
      ($0.adversary.steps, $0.adversary.rate) = (2, 0.5)
      $0.options = ["trajectories": 1, "trajectorySteps": 5, "eta": 2]
    }
    let fox = Concept("fox", phrases: [.init("a fox", words: "fox", anchor: "a cat")])
    let selection = try ParameterSelection.named(method.parameters)
    let student = try model.clone(owning: selection.matches)
    let tensors = selection.paths(of: student.parameters).compactMap { student.parameters[$0] }
    withoutGradients {
      for (i, tensor) in tensors.enumerated() {
        tensor.add(0.05 * Tensor.randn(tensor.shape, Generator(seed: UInt64(i))))
      }
    }
    for tensor in tensors { tensor.requiresGradient = true }
    try Fixtures.temporaryFolder { folder in
      var rule = try #require(
        try method.rule(
          Erasure(forget: [fox], preserve: ["a bus"]), original: model, student: student, tensors,
          Run(folder, seed: 2)) as? Adversarial)
      var step = Step(index: 0, seed: 1)
      let found = try rule.gradient(student, over: tensors, &step).loss
      let (adversary, tokenizer) = (method.adversary.make(), try model.tokenizer(for: "a test"))
      let places = try adversary.places(for: rule.states.prompts, tokenizer, model)
      let replay = Step(index: 0, seed: 1)
      #expect(Tensor.randint(below: 1, [1], replay.generator).ints == [0])
      _ = adversary.beginning(1, tokenizer, model, replay.generator)
      for _ in 0..<2 { _ = try rule.states.draw([0], replay) }
      let d = try rule.states.draw([0], replay)
      try withoutGradients {
        func predicted(_ network: DiffusionModel, _ prompt: String) -> Tensor {
          network.predict(d.x, at: d.t, given: network.embed([prompt]))
        }
        let (c, a) = (predicted(model, "a fox"), predicted(model, "a cat"))
        let target = a - 2 * (c - a)
        let answer = try #require(step.carriedTensors["adversary.0"])
        let expected =
          (student.predict(
            d.x, at: d.t, given: student.encode(places.embeddings(answer))) - target)
          .squared().mean().item
        let plain = (predicted(student, "a fox") - target).squared().mean().item
        #expect(abs(try #require(step.log["forget"]) / expected - 1) < 1e-5)
        #expect(abs(plain / expected - 1) > 1e-3, "\(plain) \(expected)")
        // States of the prompt to retain, one of each of three trajectories.
        let known = try DenoisingStates.follow(
          model, Array(repeating: "a bus", count: 3), steps: 5, guidance: 3, keeping: 1, seed: 6)
        let k = known.draw(2, replay)
        func retained(_ network: DiffusionModel) -> Tensor {
          network.predict(k.x, at: k.t, given: network.embed(["a bus", "a bus"]))
        }
        let kept = (retained(student) - retained(model)).squared().mean().item
        let logged = try #require(step.log["retain"])
        #expect(kept > 0 && abs(logged / kept - 1) < 1e-3, "\(logged) \(kept)")
        #expect(abs(found / (expected + 0.4 * kept) - 1) < 1e-4)
      }
    }
  }

  /// The name of version 0.1 is read.
  @Test func theFormerNameOfTheWarmup() throws {
    let method = try MethodCatalog.builtIn.method("advunlearn", ["cleanSteps": 7])
    #expect((method as? AdvUnlearn)?.warmup == 7)
    #expect(throws: LetheError.self) {
      try MethodCatalog.builtIn.method("advunlearn", ["cleanSteps": 7, "warmup": 8])
    }
  }

  /// Options that the base has no part in are refused, with the option's path.
  @Test(arguments: ["training.steps", "parameters", "guarding.limit", "preserveWeight"])
  func optionsWithoutEffectAreRefused(_ path: String) throws {
    let parts = path.split(separator: ".").map(String.init)
    let value: JSON = path == "parameters" ? "xattn" : 1
    let error = try #require(throws: LetheError.self) {
      try erase(
        Self.method {
          $0.options = .object([parts[0]: parts.count > 1 ? .object([parts[1]: value]) : value])
        })
    }
    #expect(error.kind == .request && error.sentence.contains("options.\(parts[0])"))
  }

  /// Numbers out of range are refused before anything is drawn.
  @Test func numbersOutOfRangeAreRefused() throws {
    let wrong: [(String, (inout AdvUnlearn) -> Void)] = [
      ("adversary.steps", { ($0.adversary.steps, $0.adversary.published) = (0, true) }),
      ("adversary.tokens", { $0.adversary.tokens = 0 }), ("attackEvery", { $0.attackEvery = 0 }),
      ("warmup", { $0.warmup = -1 }), ("retainBatch", { $0.retainBatch = 0 }),
    ]
    for (name, change) in wrong {
      let error = try #require(throws: LetheError.self) { try erase(Self.method(change)) }
      #expect(error.sentence.hasPrefix(name), "\(error.sentence)")
    }
  }

  /// Every second step retains and asks the U-Net about the prompts to retain alone.
  @Test func alternatingStepsTakeTurns() throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    var method = Self.method()
    (method.retain, method.training.logEvery) = (.alternating, 1)
    let log = try Fixtures.temporaryFolder { folder -> [JSON] in
      let run = try Run(folder, seed: 2)
      _ = try method.erase(MethodContractTests.erasure, from: model, run)
      return run.events().filter { $0["stage"]?.string == "advunlearn" }
    }
    #expect(log.map { $0["forget"]?.number != nil } == [true, false, true, false])
  }

  /// Without a pool the noisy pictures are those of the model in training where its U-Net is trained, and the
  /// original's where a text encoder is; what is predicted there is the original's either way.
  @Test(arguments: ["xattn", "text_encoders"]) func statesWithoutAPool(_ parameters: String) throws
  {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let selection = try ParameterSelection.named(parameters)
    let student = try model.clone(owning: selection.matches)
    var method = Self.method()
    (method.parameters, method.pooled) = (parameters, false)
    try Fixtures.temporaryFolder { folder in
      let rule = try method.rule(
        MethodContractTests.erasure, original: model, student: student, [], Run(folder, seed: 2))
      let states = try #require(rule as? Adversarial).states
      let before = try states.draw([0, 1], Step(index: 3, seed: 1))
      withoutGradients {
        for path in selection.paths(of: student.parameters) {
          student.parameters[path]?.add(0.3 * Tensor.ones([]))
        }
      }
      let after = try states.draw([0, 1], Step(index: 3, seed: 1))
      #expect(after.t.isIdentical(to: before.t))
      #expect(after.x.isIdentical(to: before.x) == (parameters == "text_encoders"))
      let c = withoutGradients { model.embed(["fox", "fox"]) }
      let expected = withoutGradients { model.predict(after.x, at: after.t, given: c) }
      #expect(after.conditional.distance(to: expected) < 1e-5)
    }
  }

  /// At the paper's numbers (50 steps a trajectory, 30 attack steps, 5 prompts to retain) an iteration with a pool asks
  /// the U-Net 36 times, one that follows anew about 1,870 times.
  @Test func poolsSaveEvaluations() throws {
    func cost(_ steps: Int, pooled: Bool) throws -> Int {
      try erase(
        Self.method {
          $0.options = ["trajectories": 1, "trajectorySteps": 20]
          ($0.adversary.steps, $0.retainBatch, $0.retainTrajectories) = (10, 5, 1)
          ($0.warmup, $0.training.steps, $0.pooled) = (0, steps, pooled)
        }
      ).evaluations
    }
    let pooled = try cost(1, pooled: true) - cost(0, pooled: true)
    let anew = try cost(1, pooled: false) - cost(0, pooled: false)
    #expect(pooled == 16)
    // The depth of a trajectory is random; 11 trajectories to one state and 5 to retain, two evaluations a step.
    #expect((200...500).contains(anew), "\(anew)")
  }

  @Test func retainPromptsAreFiltered() throws {
    let cat = Erasure(forget: [Concept("cat")])
    let built = try RetainPrompts.of(cat, file: "")
    #expect(built.count == 79 && built.contains("a photo of an umbrella"))
    #expect(!built.contains { $0.mentions("cat") })
    try Fixtures.temporaryFolder { folder in
      let file = folder.appendingPathComponent("p.csv")
      try Data("case_num,prompt\n1,a photo of a cat\n2,a photo of a dog\n".utf8).write(to: file)
      #expect(try RetainPrompts.of(cat, file: file.path) == ["a photo of a dog"])
      try Data("case_num,prompt\n1,a photo of a cat\n".utf8).write(to: file)
      #expect(throws: LetheError.self) { try RetainPrompts.of(cat, file: file.path) }
    }
  }
}
