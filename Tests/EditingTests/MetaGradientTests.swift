// The meta rule against the same sums by hand.
import Diffusion
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training

@testable import Editing

@Suite struct MetaGradientTests {
  /// G is the sum that the file's header says, with theta_FT made by hand; theta is back where it was, to the bit.
  @Test(arguments: [0, 2]) func theSumIsTheSum(_ steps: Int) throws {
    let scene = try FineTuningScene.make()
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
    func loss(_ objective: FixedLoss, _ model: DiffusionModel) throws -> Double {
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

  /// Each set is looked at with one draw: without fine-tuning its loss is the same after it, and with some only the
  /// weights differ. Numbers for the log alone cost nothing in other steps, and change no gradient.
  @Test func drawsArePairedAndTheLogIsForLoggedSteps() throws {
    let scene = try FineTuningScene.make()
    let student = scene.student
    func gradient(
      _ attack: MetaGradient.Attack, pull: Double = 0.7, destroy: Double = 0.2,
      isLogged: Bool = true
    ) throws -> (Step, [Tensor], Int) {
      var meta = MetaGradient(
        nil, learned: FineTuningScene.set("a fox", 1, student),
        concept: FineTuningScene.set("a fox", 2, student),
        benign: [
          .init("related", FineTuningScene.set("a cat", 3, student), keep: 0.3, destroy: destroy),
          .init("unrelated", FineTuningScene.set("a bus", 4, student), keep: 0.5, destroy: 0),
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

  /// A batch in several passes has the gradient of the batch, and theta in a file comes back to the bit.
  @Test func passesAndShelvesChangeNothing() throws {
    let scene = try FineTuningScene.make()
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
    let scene = try FineTuningScene.make()
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
    let scene = try FineTuningScene.make()
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
}
