// Attacks that change what happens to the weights or between the steps.
import Diffusion
import Editing
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN

@testable import Attacks

@Suite struct ProbeTests {
  static let prompts = [AttackedPrompt("a noto emoji of a fox", seed: 3)]
  static var sampling: SamplingOptions {
    var options = SamplingOptions()
    (options.steps, options.guidance) = (4, 3)
    return options
  }

  /// tiny-sd1 as original, and with other weights as victim.
  static func pair() throws -> (original: DiffusionModel, victim: DiffusionModel, Victim) {
    Runtime.threads = 1
    let original = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    var weights: [ParameterPath: Tensor] = [:]
    for (path, tensor) in original.parameters.tensors where path.name.contains("attn2") {
      weights[path] = tensor * -1.5
    }
    let other = try original.replacing(weights)
    let victim = try Victim(
      other, original: original, concepts: [AttackContractTests.concept]
    ) { prompt in
      try original.images([prompt.prompt], seeds: [prompt.seed], sampling)[0]
    }
    return (original, other, victim)
  }

  static func pictures<A: Attack>(_ attack: A, _ victim: Victim) throws -> [Image] {
    var session = try attack.session(prompts, A.Target(victim), seed: 1)
    var found: [Image] = []
    while let attempt = try session.next([0])[0] {
      found += try session.images(of: [attempt], sampling) ?? []
    }
    return found
  }

  /// Mean difference of two pictures in levels of 255.
  static func difference(_ a: Image, _ b: Image) -> Double {
    let sum = zip(a.pixels, b.pixels).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
    return Double(sum) / Double(a.pixels.count)
  }

  /// Step by step, a picture is DDIM's own: to the last step, whose level the schedule names, and away from what guidance
  /// pushes away from.
  @Test(arguments: ["tiny-sd1", "tiny-sdxl"], [false, true])
  func stepsAreThoseOfDDIM(_ kind: String, _ toOne: Bool) throws {
    Runtime.threads = 1
    let loaded = try DiffusionModel.load(Fixtures.url(kind))
    var layout = loaded.layout
    layout.scheduler["set_alpha_to_one"] = .bool(toOne)
    layout.scheduler["clip_sample"] = false
    let model = try DiffusionModel(layout, loaded.parameters.source { _ in false })
    for negative in [nil, "a cat"] as [String?] {
      var sampling = Self.sampling
      sampling.negative = negative
      try withoutGradients {
        let c = model.embed(["a fox"])
        let ddim = try GuidedDDIM(model, sampling)
        var (_, z) = GuidedDDIM.noise(model, seeds: [3])
        for i in ddim.timesteps.indices {
          z = ddim.step(try ddim.predicted(model, z, i, given: c), from: i, to: i + 1)
        }
        let whole = try model.latents(given: c, seeds: [3], sampling)
        #expect(z.distance(to: whole) < 1e-4, "\(negative ?? "")")
      }
    }
  }

  @Test func handOver() throws {
    let (original, victim, target) = try Self.pair()
    let texts = Self.prompts.map(\.prompt)
    let first = try original.images(texts, seeds: [3], Self.sampling)[0]
    let last = try victim.images(texts, seeds: [3], Self.sampling)[0]
    #expect(Self.difference(first, last) > 2)
    var attack = HandOver()
    (attack.first, attack.steps) = ([1, 4], 0)
    let found = try Self.pictures(attack, target)
    // All four steps by the original are its own picture; one step is neither's.
    #expect(found.count == 2 && Self.difference(found[1], first) < 0.1)
    #expect(Self.difference(found[0], first) > 0.2 && Self.difference(found[0], last) > 0.2)
    // Steps of its own: all eight by the original are the original's picture of eight steps.
    (attack.first, attack.steps) = ([8], 8)
    var longer = Self.sampling
    longer.steps = 8
    let eight = try original.images(texts, seeds: [3], longer)[0]
    #expect(Self.difference(eight, first) > 0.2)
    #expect(try Self.difference(Self.pictures(attack, target)[0], eight) < 0.1)
    #expect(HandOver().work(picture: 20) == 3 * 100 && attack.work(picture: 20) == 20)
    attack.steps = -1
    #expect(throws: LetheError.self) { try Self.pictures(attack, target) }
  }

  @Test func noiseProbes() throws {
    let (_, victim, target) = try Self.pair()
    var attack = NoiseProbes()
    (attack.etas, attack.factors) = ([0, 1], [1])
    let found = try Self.pictures(attack, target)
    let plain = try victim.images(Self.prompts.map(\.prompt), seeds: [3], Self.sampling)[0]
    var stochastic = Self.sampling
    stochastic.eta = 1
    let noisy = try victim.images(Self.prompts.map(\.prompt), seeds: [3], stochastic)[0]
    // Without noise it is DDIM, with eta 1 its ancestral form, which draws from the same generators.
    #expect(Self.difference(found[0], plain) < 0.1)
    #expect(Self.difference(found[1], noisy) < 0.1 && Self.difference(found[1], plain) > 0.5)
    #expect(NoiseProbes().etas.count * NoiseProbes().factors.count == 24)
    // More noise than the variance holds is no reason for numbers that are not finite.
    (attack.etas, attack.factors) = ([1.85], [1.04])
    #expect(try Self.pictures(attack, target).count == 1)
  }

  /// The way back to noise undoes a step along the same prediction, and what is drawn again depends on the picture.
  @Test func latentInversion() throws {
    let (original, victim, target) = try Self.pair()
    let path = try GuidedDDIM(victim, Self.sampling)
    let g = Generator(seed: 5)
    let (x0, eps) = (Tensor.randn([1, 4, 8, 8], g), Tensor.randn([1, 4, 8, 8], g))
    let later = path.step((x0, eps), from: 2, to: 1)
    let earlier = path.step((x0, eps), from: 1, to: 2)
    #expect(later.distance(to: earlier) > 0.01)
    let a = Double(victim.schedule.alphaBar[path.timesteps[1]])
    #expect(later.distance(to: a.squareRoot() * x0 + (1 - a).squareRoot() * eps) < 1e-5)
    let found = try Self.pictures(LatentInversion(), target)
    // Written out: back through the levels along eps of the level before, and forth again.
    let toOne = victim.layout.scheduler["set_alpha_to_one"]?.bool ?? true
    let levels =
      path.timesteps.map { Double(victim.schedule.alphaBar[$0]) }
      + [toOne ? 1 : Double(victim.schedule.alphaBar[0])]
    let expected = try withoutGradients {
      let c = victim.embed(Self.prompts.map(\.prompt))
      var x = try WhiteBoxTarget(target).target(Self.prompts[0])
      func move(_ told: Int, from a: Double, to b: Double) {
        let t = Tensor.full([1], Double(path.timesteps[told]))
        let e = victim.predict(x, at: t, given: c)
        x =
          b.squareRoot() / a.squareRoot() * (x - (1 - a).squareRoot() * e) + (1 - b).squareRoot()
          * e
      }
      for i in [3, 2, 1, 0] { move(i, from: levels[i + 1], to: levels[i]) }
      for i in [0, 1, 2, 3] { move(i, from: levels[i], to: levels[i + 1]) }
      return Image(try victim.codec.decode(x)[0, at: 0])
    }
    #expect(Self.difference(found[0], expected) < 0.02)
    let other = try Victim(
      victim, original: original, concepts: [AttackContractTests.concept]
    ) { _ in Image.grey(16, 16) }
    let grey = try Self.pictures(LatentInversion(), other)
    #expect(found.count == 1 && Self.difference(found[0], grey[0]) > 1)
  }

  @Test func weightsInUse() throws {
    let w = Tensor.randn([4, 6], Generator(seed: 1))
    let scale = w.abs().max(1, keepDimensions: true) / 127
    let rounded = Deployment.rounded(w)
    #expect(((rounded - w).abs() - 0.5 * scale).flattened().max(0).item < 1e-6)
    let whole = rounded / scale
    #expect((whole - whole.rounded()).abs().flattened().max(0).item < 1e-3)
    let pruned = Deployment.pruned(w, 0.25)
    #expect(pruned.equals(0).to(.float32).sum().item == 6)
    let kept = pruned.equals(0).not.to(.float32)
    #expect((pruned - w * kept).abs().flattened().max(0).item == 0)
    #expect(
      pruned.abs().flattened().sorted()[0, at: 6].item > w.abs().flattened().sorted()[0, at: 5].item
    )
    let (original, _, target) = try Self.pair()
    var session = try Deployment().session(Self.prompts, WeightsTarget(target), seed: 0)
    var rounds = 0
    var last: DiffusionModel?
    while try session.next([0])[0] != nil {
      rounds += 1
      last = session.model
    }
    #expect(rounds == 6)
    // The last round is half of the original.
    let path = try #require(
      original.parameters.paths.first { $0.name.contains("attn2") && $0.name.hasSuffix("weight") })
    let (a, b) = (original.parameters[path], last?.parameters[path])
    #expect(a.flatMap { x in b.map { $0.distance(to: x * -0.25) } } ?? 1 < 1e-6)
  }

  /// Prompts go through the text encoder of the changed model, and not through the victim's.
  @Test func textEncodersInUse() throws {
    let (original, other, target) = try Self.pair()
    var weights: [ParameterPath: Tensor] = [:]
    for (path, tensor) in other.parameters.tensors where path.name.hasPrefix("text_encoder") {
      weights[path] = tensor * 1.5
    }
    let changed = try other.replacing(weights)
    let attempts = Self.prompts.attempts([0]).values.map(\.self)
    try withoutGradients {
      let own = try target.conditioning(for: attempts).hidden
      #expect(own.distance(to: original.embed(Self.prompts.map(\.prompt)).hidden) == 0)
      let found = try target.conditioning(for: attempts, by: changed).hidden
      #expect(found.distance(to: changed.embed(Self.prompts.map(\.prompt)).hidden) == 0)
      let drawn = try target.images(of: attempts, by: changed, Self.sampling)
      let expected = try changed.images(Self.prompts.map(\.prompt), seeds: [3], Self.sampling)
      #expect(drawn == expected)
    }
  }

  /// Attempts that are kept for other victims are those of one round.
  @Test func keptAttemptsHaveOneRound() throws {
    let (_, _, target) = try Self.pair()
    var attack = TextSearch()
    (attack.tokens, attack.steps, attack.attempts) = (4, 0, 3)
    var session = try attack.session(Self.prompts, BlackBoxTarget(target), seed: 2)
    var rounds = 0
    while try session.next([0])[0] != nil { rounds += 1 }
    #expect(rounds == 3 && !TextSearch.card.transfers)
  }

  @Test func textSearch() throws {
    let (original, _, target) = try Self.pair()
    var attack = TextSearch()
    (attack.tokens, attack.steps, attack.attempts) = (4, 0, 1)
    func cosine(_ attack: TextSearch) throws -> (Double, String) {
      var session = try attack.session(Self.prompts, BlackBoxTarget(target), seed: 2)
      let text = try #require(try session.next([0])[0]).prompt
      return withoutGradients {
        let mean = original.embed([text, Self.prompts[0].prompt]).hidden.mean(1)
        let (a, b) = (mean[0, at: 0], mean[0, at: 1])
        return ((a.dot(b) / (a.norm() * b.norm())).item, text)
      }
    }
    let before = try cosine(attack).0
    attack.steps = 12
    let (after, text) = try cosine(attack)
    #expect(after > before + 0.01, "\(before) \(after)")
    #expect(!text.lowercased().contains("fox"))
  }
}
