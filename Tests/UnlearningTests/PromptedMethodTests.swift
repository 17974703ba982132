// The losses of methods that forget by prompts, against their equations.
import Diffusion
import Editing
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training

@testable import Unlearning

@Suite struct PromptedMethodTests {
  static let phrases = [
    Concept.Phrase("a fox", words: "fox", anchor: "a cat"),
    Concept.Phrase("fox", words: "fox", anchor: ""),
  ]

  func forgetting(
    _ method: some PromptedMethod, _ model: DiffusionModel, _ phrases: [Concept.Phrase] = phrases,
    isReplaced: Bool = false
  ) throws -> (any Objective & PromptedStates, evaluations: Int) {
    Runtime.threads = 1
    let before = model.evaluations
    let found = try method.forgetting(
      phrases, isReplaced: isReplaced, original: model, keeping: nil, live: false, by: nil, seed: 3
    ) { _, _ in }
    return (found, model.evaluations - before)
  }

  /// Concept Ablation's eq. 5: | eps_theta(x_t | c*) - eps_o(x_t | c) |^2 at x_t of the anchor c. An adversary wants
  /// eps_o(x_t | c*) back, which is computed once it asks.
  @Test func ablationIsEquationFive() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    var method = ConceptAblation()
    (method.trajectorySteps, method.training.batch) = (4, 3)
    let (objective, cost) = try forgetting(method, model)
    #expect(cost == 2 * 2 * 4, "a guided prediction at every step of two trajectories")
    let states = try DenoisingStates.follow(
      model, ["a cat", ""], steps: 4, guidance: method.startGuidance, seed: 3)
    try withoutGradients {
      let weight = try #require(model.parameters[ParameterPath("unet.conv_out.weight")])
      let student = try model.replacing([ParameterPath("unet.conv_out.weight"): 1.5 * weight])
      func at(_ picks: [Int], _ network: DiffusionModel, _ prompts: [String]) -> Tensor {
        network.predict(
          states.x.indexed(0, picks), at: states.t.indexed(0, picks),
          given: network.embed(picks.map { prompts[states.prompt[$0]] }))
      }
      for i in 0..<3 {
        var step = Step(index: i, seed: 5)
        let picks = Tensor.randint(below: states.count, [3], Step(index: i, seed: 5).generator).ints
        let expected = (at(picks, student, ["a fox", "fox"]) - at(picks, model, ["a cat", ""]))
          .squared().mean().item
        let found = try objective.loss(student, &step).item
        #expect(abs(found - expected) < 1e-5 * expected)
      }
      let before = model.evaluations
      let drawn = try objective.draw([0, 1], Step(index: 0, seed: 1))
      #expect(model.evaluations - before == 8)
      let prompts = model.embed(["a fox", "fox"])
      let wanted = model.predict(drawn.x, at: drawn.t, given: prompts)
      #expect(drawn.conditional.distance(to: wanted) < 1e-5)
    }
  }

  /// The bare name keeps the anchors that the request gives it.
  @Test func bareNames() throws {
    func bare(
      _ name: String, _ kind: ConceptKind?, anchor: String? = nil, replacement: String? = nil
    ) throws -> Concept.Phrase {
      let concept = try Concept.resolve(
        name, in: nil, replacement: replacement, ConceptWording(kind: kind, anchor: anchor))
      var method = ConceptAblation()
      (method.captions, method.trajectories) = (false, 2)
      let phrases = method.phrases(Erasure(forget: [concept]), seed: 1)
      #expect(phrases.count == 2 && phrases[0] == phrases[1])
      return phrases[0]
    }
    let fox = try bare("fox", .object)
    #expect((fox.prompt, fox.anchor, fox.broader) == ("fox", "", "an animal"))
    #expect(try bare("fox", .object, anchor: "dog").anchor == "dog")
    #expect(try bare("fox", .object, replacement: "dog").anchor == "dog")
    #expect(try bare("fox", nil, anchor: "dog").anchor == "dog")
    let style = try bare("Van Gogh", .style, anchor: "a painting")
    #expect((style.prompt, style.anchor) == ("Van Gogh", "a painting"))
  }

  /// As many preserved states as a step takes are those of the step, each once.
  @Test func statesOfAStepCountOnce() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let weight = try #require(model.parameters[ParameterPath("unet.conv_out.weight")])
    let student = try model.replacing([ParameterPath("unet.conv_out.weight"): 1.5 * weight])
    func losses(_ batch: Int) throws -> Set<Double> {
      let kept = try Preservation(
        of: ["a cat", "a bus", "an owl"], model, trajectories: 3, steps: 4, guidance: 3, keeping: 1,
        batch: batch, live: false, seed: 1)
      return try withoutGradients {
        Set(
          try (0..<5).map { i in
            var step = Step(index: i, seed: 2)
            return try kept.loss(student, &step).item
          })
      }
    }
    #expect(try losses(3).count == 1)
    #expect(try losses(2).count > 1)
  }

  /// ESD's eq. 7 with r and a: the caption without the concept for both, the empty prompt for both as in the paper, or
  /// the replacement and the empty prompt.
  @Test(arguments: [
    (anchored: true, isReplaced: false, r: "a cat", a: "a cat"),
    (anchored: false, isReplaced: false, r: "", a: ""),
    (anchored: true, isReplaced: true, r: "a cat", a: ""),
  ]) func esdIsEquationSeven(
    _ form: (anchored: Bool, isReplaced: Bool, r: String, a: String)
  ) throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    var method = ESD()
    (method.anchored, method.trajectorySteps) = (form.anchored, 4)
    (method.training.batch, method.eta) = (3, 2)
    let (objective, _) = try forgetting(
      method, model, [Self.phrases[0]], isReplaced: form.isReplaced)
    let states = try DenoisingStates.follow(
      model, ["a fox"], steps: 4, guidance: method.startGuidance, seed: 3)
    try withoutGradients {
      let path = try #require(
        ParameterSelection.crossAttentionKeysValues.paths(of: model.parameters).first)
      let student = try model.replacing([path: 1.5 * (try #require(model.parameters[path]))])
      func predicted(_ network: DiffusionModel, _ prompt: String, _ x: Tensor, _ t: Tensor)
        -> Tensor
      {
        network.predict(x, at: t, given: network.embed([prompt]).repeated(x.size(0)))
      }
      func target(_ x: Tensor, _ t: Tensor, _ r: String, _ a: String) -> Tensor {
        predicted(model, r, x, t)
          - 2 * (predicted(model, "a fox", x, t) - predicted(model, a, x, t))
      }
      for i in 0..<2 {
        var step = Step(index: i, seed: 5)
        let found = try objective.loss(student, &step).item
        let picks = Tensor.randint(below: states.count, [3], Step(index: i, seed: 5).generator).ints
        let (x, t) = (states.x.indexed(0, picks), states.t.indexed(0, picks))
        func loss(_ r: String, _ a: String) -> Double {
          (predicted(student, "a fox", x, t) - target(x, t, r, a)).squared().mean().item
        }
        let expected = loss(form.r, form.a)
        #expect(abs(found / expected - 1) < 1e-3, "\(i) \(found) \(expected)")
        for (r, a) in [("a cat", "a cat"), ("", ""), ("a cat", ""), ("", "a cat")]
        where (r, a) != (form.r, form.a) {
          #expect(abs(loss(r, a) / expected - 1) > 0.02, "\(r), \(a)")
        }
      }
      // An adversary is given the same target.
      let d = try objective.draw([0], Step(index: 0, seed: 1))
      let wanted = target(d.x, d.t, form.r, form.a)
      let size = (wanted - predicted(model, "a fox", d.x, d.t)).abs().max().item
      #expect(d.target(of: student).distance(to: wanted) < 1e-3 * size)
    }
  }

  /// ESD's anchor costs predictions where the trajectory has none: none for the empty prompt.
  @Test func anchorsOfTheWalkAreFree() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    var method = ESD()
    method.trajectorySteps = 4
    #expect(try forgetting(method, model, [Self.phrases[1]]).evaluations == 2 * 4)
    #expect(try forgetting(method, model, Self.phrases).evaluations == 2 * 2 * 4 + 4)
    method.anchored = false
    #expect(try forgetting(method, model, Self.phrases).evaluations == 2 * 2 * 4)
  }
}
