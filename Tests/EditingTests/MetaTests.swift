// The meta rule against the same sums by hand.
import Diffusion
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training

@testable import Editing

@Suite struct MetaTests {
  /// | eps_theta(x, t | c) - y |^2 at one fixed state.
  struct Fixed: Objective {
    let x, y: Tensor
    let c: Conditioning

    init(_ model: DiffusionModel, _ prompt: String, seed: UInt64) {
      x = Tensor.randn([2, 4, 8, 8], Generator(seed: seed))
      y = Tensor.randn([2, 4, 8, 8], Generator(seed: seed + 50))
      c = withoutGradients { model.embed([prompt, prompt]) }
    }
    func loss(_ model: DiffusionModel, _ step: inout Step) throws -> Tensor {
      model.predict(x, at: Tensor([300, 700] as [Float]), given: c).meanSquaredError(y)
    }
  }

  struct Scene {
    let student: DiffusionModel
    let tensors: [Tensor]
    let tuned: [Tensor]
    let learned, concept, related, other: Fixed

    func gradient(_ objective: Fixed, _ model: DiffusionModel, _ tensors: [Tensor]) throws
      -> [Tensor]
    {
      var step = Step(index: 0, seed: 0)
      return descend(try objective.loss(model, &step), tensors).gradients
    }
  }

  static func scene() throws -> Scene {
    Runtime.threads = 1
    let original = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let student = try original.clone(owning: ParameterSelection.unet.matches)
    func tensors(_ selection: ParameterSelection) -> [Tensor] {
      selection.paths(of: student.parameters).compactMap { student.parameters[$0] }
    }
    let tuned = tensors(.unet)
    for tensor in tuned { tensor.requiresGradient = true }
    return Scene(
      student: student, tensors: tensors(.crossAttention), tuned: tuned,
      learned: Fixed(original, "a fox", seed: 1), concept: Fixed(original, "a fox", seed: 2),
      related: Fixed(original, "a cat", seed: 3), other: Fixed(original, "a bus", seed: 4))
  }

  /// G is the sum that the file's header says, with theta_FT made by hand; theta is back where it was, to the bit.
  @Test(arguments: [0, 2]) func theSumIsTheSum(_ steps: Int) throws {
    let scene = try Self.scene()
    var attack = MetaGradient.Attack()
    (attack.steps, attack.rate, attack.clip) = (steps, 0.02, 0)
    attack.optimizer = .init(.sgd)
    let before = scene.student.hash()
    var meta = MetaGradient(
      Descent(scene.other), learned: scene.learned, concept: scene.concept,
      benign: [
        .init("related", scene.related, keep: 0.3, destroy: 0.2),
        .init("unrelated", scene.other, keep: 0.5, destroy: 0),
      ], pull: 0.7, attack, of: scene.student)
    var step = Step(index: 0, seed: 0)
    let found = try meta.gradient(scene.student, over: scene.tensors, &step)
    #expect(scene.student.hash() == before)

    let phi = try scene.student.clone(owning: ParameterSelection.unet.matches)
    func own(_ selection: ParameterSelection) -> [Tensor] {
      selection.paths(of: phi.parameters).compactMap { phi.parameters[$0] }
    }
    for tensor in own(.unet) { tensor.requiresGradient = true }
    for _ in 0..<steps {
      let g = try scene.gradient(scene.learned, phi, own(.unet))
      withoutGradients { Foreach.add(own(.unet), g, times: -0.02) }
    }
    var expected = try scene.gradient(scene.other, scene.student, scene.tensors).map { 1.5 * $0 }
    func add(_ weight: Double, _ g: [Tensor]) {
      expected = zip(expected, g).map { $0 + weight * $1 }
    }
    add(0.3, try scene.gradient(scene.related, scene.student, scene.tensors))
    add(-0.7, try scene.gradient(scene.concept, phi, own(.crossAttention)))
    add(-0.2, try scene.gradient(scene.related, phi, own(.crossAttention)))
    for (a, b) in zip(found.gradients, expected) {
      #expect(a.distance(to: b) < 1e-5 * (1 + b.abs().flattened().max(0).item))
    }
    // The log: losses at theta and at theta_FT, and the cosine of both gradients there.
    func loss(_ objective: Fixed, _ model: DiffusionModel) throws -> Double {
      var step = Step(index: 0, seed: 0)
      return try withoutGradients { try objective.loss(model, &step).item }
    }
    let (c, r) = (
      try scene.gradient(scene.concept, phi, own(.crossAttention)),
      try scene.gradient(scene.related, phi, own(.crossAttention))
    )
    let logged = [
      "concept before": try loss(scene.concept, scene.student),
      "concept after": try loss(scene.concept, phi),
      "self-destruct": try loss(scene.related, phi) - loss(scene.related, scene.student),
      "cosine": Foreach.dot(c, r) / (Foreach.norm(c) * Foreach.norm(r)),
    ]
    for (name, value) in logged {
      #expect(abs(try #require(step.log[name]) - value) < 1e-5 * (1 + abs(value)), "\(name)")
    }
    #expect(abs(try #require(logged["self-destruct"])) > 1e-4 || steps == 0)
  }

  static func set(_ prompt: String, _ seed: UInt64, _ model: DiffusionModel) -> any Objective {
    let latents = Tensor.randn([5, 4, 8, 8], Generator(seed: seed))
    return Denoising(
      LatentSet(latents, captions: Array(repeating: prompt, count: 5)), model, batch: 2)
  }

  /// Each set is looked at with one draw: without fine-tuning its loss is the same after it, and with some only the
  /// weights differ. Numbers for the log alone cost nothing in other steps, and change no gradient.
  @Test func drawsArePairedAndTheLogIsForLoggedSteps() throws {
    let scene = try Self.scene()
    let student = scene.student
    func gradient(
      _ attack: MetaGradient.Attack, pull: Double = 0.7, destroy: Double = 0.2,
      isLogged: Bool = true
    ) throws -> (Step, [Tensor], Int) {
      var meta = MetaGradient(
        nil, learned: Self.set("a fox", 1, student), concept: Self.set("a fox", 2, student),
        benign: [
          .init("related", Self.set("a cat", 3, student), keep: 0.3, destroy: destroy),
          .init("unrelated", Self.set("a bus", 4, student), keep: 0.5, destroy: 0),
        ], pull: pull, attack, of: student)
      var step = Step(index: 0, seed: 3)
      step.isLogged = isLogged
      let before = student.evaluations
      let found = try meta.gradient(student, over: scene.tensors, &step)
      return (step, found.gradients, student.evaluations - before)
    }
    var attack = MetaGradient.Attack()
    attack.steps = 0
    let (still, _, _) = try gradient(attack)
    #expect(still.log["self-destruct"] == 0)
    for name in ["concept", "related", "unrelated"] {
      #expect(try #require(still.log["\(name) before"]) == still.log["\(name) after"])
    }
    (attack.steps, attack.rate) = (2, 1e-3)
    let (loud, g, cost) = try gradient(attack)
    let (silent, same, less) = try gradient(attack, isLogged: false)
    #expect(zip(g, same).allSatisfy { $0.isIdentical(to: $1) })
    #expect(silent.log["concept before"] == nil && silent.log["unrelated after"] == nil)
    for name in ["concept", "related", "unrelated"] {
      // The draw is that of the step, so the loss before fine-tuning is the same, and the one after it is not.
      let before = try #require(loud.log["\(name) before"])
      #expect(before == still.log["\(name) before"])
      #expect(try #require(loud.log["\(name) after"]) != before)
    }
    // 2 of fine-tuning and 4 with weights, of 2 pictures each; 2 more for the log.
    #expect(less == 12 && cost == 16)
    // The control that keeps alone looks at nothing else, and pulls nothing.
    let (_, kept, least) = try gradient(attack, pull: 0, destroy: 0, isLogged: false)
    #expect(least == 4)
    attack.steps = 0
    let (_, also, _) = try gradient(attack, pull: 0, destroy: 0)
    #expect(Foreach.norm(kept) > 0 && zip(kept, also).allSatisfy { $0.isIdentical(to: $1) })
  }

  /// A step that can be differentiated is as long as the optimizer's own.
  @Test func stepsOfBothOrdersAreEquallyLong() throws {
    let scene = try Self.scene()
    let paths = ParameterSelection.unet.paths(of: scene.student.parameters)
    func length(_ attack: MetaGradient.Attack, unrolled: Bool) throws -> Double {
      let fineTuning = SimulatedFineTuning(
        attack: attack, learned: scene.learned, tuned: scene.tuned, paths: paths, picturesInPass: 0)
      let before = scene.tuned.map { $0.detached().cloned() }
      defer { withoutGradients { Foreach.copy(scene.tuned, from: before) } }
      var step = Step(index: 0, seed: 0)
      var after = scene.tuned
      if unrolled {
        let model = try withTwiceDifferentiableAttention {
          try fineTuning.unrolled(scene.student, &step)
        }
        after = paths.compactMap { model.parameters[$0] }
      } else {
        try fineTuning.inPlace(scene.student, &step)
      }
      return withoutGradients { Foreach.norm(zip(after, before).map { $0.detached() - $1 }) }
    }
    let count = Double(scene.tuned.map(\.count).reduce(0, +))
    var attack = MetaGradient.Attack()
    attack.steps = 1
    let adam = try length(attack, unrolled: true)
    #expect(abs(adam / (attack.rate * count.squareRoot()) - 1) < 0.01)
    #expect(abs(adam / (try length(attack, unrolled: false)) - 1) < 0.1)
    // Without Adam it is the gradient, clipped or whole.
    (attack.optimizer, attack.rate) = (.init(.sgd), 0.02)
    for clip in [0, 0.01] {
      attack.clip = clip
      let (a, b) = (try length(attack, unrolled: true), try length(attack, unrolled: false))
      #expect(a > 0 && abs(a / b - 1) < 1e-3)
      #expect(clip == 0 || abs(a - clip * 0.02) < 1e-5)
    }
  }

  /// A batch in several passes has the gradient of the batch, and theta in a file comes back to the bit.
  @Test func passesAndShelvesChangeNothing() throws {
    let scene = try Self.scene()
    let original = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    func set(_ prompt: String, _ seed: UInt64) -> any Objective {
      let latents = Tensor.randn([5, 4, 8, 8], Generator(seed: seed))
      return Denoising(
        LatentSet(latents, captions: Array(repeating: prompt, count: 5)), original, batch: 5)
    }
    func gradient(_ offloaded: OffloadedTensors, _ picturesInPass: Int) throws -> (Step, [Tensor]) {
      var meta = MetaGradient(
        Descent(scene.other), learned: set("a fox", 1), concept: set("a fox", 2),
        benign: [
          .init("related", set("a cat", 3), keep: 0.3, destroy: 0.2),
          .init("unrelated", set("a bus", 4), keep: 0.5, destroy: 0),
        ], pull: 0.7, .init(), of: scene.student, offloaded: offloaded,
        picturesInPass: picturesInPass)
      var step = Step(index: 0, seed: 3)
      let before = scene.student.hash()
      let found = try meta.gradient(scene.student, over: scene.tensors, &step)
      #expect(scene.student.hash() == before)
      return (step, found.gradients)
    }
    try Fixtures.temporaryFolder { folder in
      let (step, whole) = try gradient(OffloadedTensors(), 0)
      let file = folder.appendingPathComponent("theta.safetensors")
      let (_, shelved) = try gradient(OffloadedTensors(file), 0)
      #expect(zip(whole, shelved).allSatisfy { $0.isIdentical(to: $1) })
      #expect(!FileManager.default.fileExists(atPath: file.path))
      // Passes of 2, 2 and 1.
      let (other, parts) = try gradient(OffloadedTensors(), 2)
      let scale = Foreach.norm(whole)
      let vector = zip(whole, parts).map { $0 - $1 }
      #expect(scale > 0 && Foreach.norm(vector) < 1e-4 * scale)
      for (name, value) in step.log {
        #expect(abs(try #require(other.log[name]) - value) < 1e-4, "\(name)")
      }
    }
  }

  /// Steps against the pull raise the loss on the concept after fine-tuning.
  @Test func whatFineTuningLearnsIsPulledDown() throws {
    let scene = try Self.scene()
    var attack = MetaGradient.Attack()
    (attack.steps, attack.rate) = (2, 0.01)
    attack.optimizer = .init(.sgd)
    var meta = MetaGradient(
      nil, learned: scene.learned, concept: scene.concept, benign: [], pull: 1, attack,
      of: scene.student)
    func after() throws -> Double {
      var step = Step(index: 0, seed: 0)
      let found = try meta.gradient(scene.student, over: scene.tensors, &step)
      withoutGradients { Foreach.add(scene.tensors, found.gradients, times: -0.05) }
      return try #require(step.log["concept after"])
    }
    let first = try after()
    for _ in 0..<4 { _ = try after() }
    #expect(try after() > first)
  }

  /// The second-order gradient is that of finite differences of the loss after fine-tuning; the first-order one is not.
  @Test(arguments: [OptimizerOptions.Kind.sgd, .adam])
  func secondOrderAgainstFiniteDifferences(_ kind: OptimizerOptions.Kind) throws {
    let scene = try Self.scene()
    var attack = MetaGradient.Attack()
    (attack.steps, attack.rate, attack.secondOrder) = (2, kind == .sgd ? 0.05 : 2e-4, true)
    (attack.optimizer, attack.clip) = (.init(kind), 0)
    let count = Double(scene.tuned.map(\.count).reduce(0, +))
    let benign = [MetaGradient.Benign("related", scene.related, keep: 0, destroy: 0.4)]
    func slope(_ attack: MetaGradient.Attack, along d: [Tensor]) throws -> Double {
      var meta = MetaGradient(
        nil, learned: scene.learned, concept: scene.concept, benign: benign, pull: 1, attack,
        of: scene.student)
      var step = Step(index: 0, seed: 0)
      return Foreach.dot(
        try meta.gradient(scene.student, over: scene.tensors, &step).gradients, d)
    }
    /// -L(phi; concept) - 0.4 L(phi; related) with theta moved by `by` along d.
    func value(_ by: Double, along d: [Tensor]) throws -> Double {
      let phi = try scene.student.clone(owning: ParameterSelection.unet.matches)
      let (own, cross) = (
        ParameterSelection.unet.paths(of: phi.parameters).compactMap { phi.parameters[$0] },
        ParameterSelection.crossAttention.paths(of: phi.parameters).compactMap {
          phi.parameters[$0]
        }
      )
      withoutGradients { Foreach.add(cross, d, times: by) }
      for tensor in own { tensor.requiresGradient = true }
      for _ in 0..<attack.steps {
        let g = try scene.gradient(scene.learned, phi, own)
        let length = kind == .sgd ? 1 : count.squareRoot() / Foreach.norm(g)
        withoutGradients { Foreach.add(own, g, times: -attack.rate * length) }
      }
      return try withoutGradients {
        var step = Step(index: 0, seed: 0)
        return -(try scene.concept.loss(phi, &step).item)
          - 0.4 * (try scene.related.loss(phi, &step).item)
      }
    }
    var first = attack
    first.secondOrder = false
    // Along the exact gradient the slope is largest, and rounding weighs least.
    var meta = MetaGradient(
      nil, learned: scene.learned, concept: scene.concept, benign: benign, pull: 1, attack,
      of: scene.student)
    var step = Step(index: 0, seed: 0)
    let g = try meta.gradient(scene.student, over: scene.tensors, &step).gradients
    let norm = Foreach.norm(g)
    let d = withoutGradients { g.map { $0 / norm } }
    // Directions of the gradient bend sooner than the gradient.
    let h = kind == .sgd ? 2e-2 : 5e-3
    let expected = (try value(h, along: d) - value(-h, along: d)) / (2 * h)
    let (exact, approximate) = (try slope(attack, along: d), try slope(first, along: d))
    #expect(abs(exact / expected - 1) < 0.02, "\(exact) \(expected)")
    #expect(abs(approximate - expected) > abs(exact - expected))
  }

  /// Siblings come in the order of their cosine to the concept, the larger of the cosines where there are two; the
  /// forgotten are not among them. The order is that of transformers' text encoder (scripts/golden/nearness.py).
  @Test func siblingsByNearness() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    var (fox, bus) = (Concept("fox"), Concept("a yellow bus"))
    fox.siblings = ["a castle", "a lovely dog", "bus", "cat", "fox"]
    bus.siblings = ["a yellow bus"]
    #expect(
      Concept.siblings(of: [fox], in: model) == ["cat", "bus", "a castle", "a lovely dog"])
    #expect(
      Concept.siblings(of: [fox, bus], in: model) == ["a lovely dog", "cat", "bus", "a castle"])
  }
}
