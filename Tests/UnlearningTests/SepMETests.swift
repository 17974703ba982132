import Diffusion
import Editing
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training

@testable import Unlearning

@Suite(.serialized) struct SepMETests {
  static let folder = Fixtures.package.appendingPathComponent("Models/emoji")
  static let concepts = [
    Concept("fox", phrases: [.init("a noto emoji of a fox", words: "fox", anchor: "a noto emoji")]),
    Concept("bus", phrases: [.init("a line emoji of a bus", words: "bus", anchor: "a line emoji")]),
  ]
  static let requests = [
    SepME.Request(concepts[0], keeping: concepts[1].prompts),
    SepME.Request(concepts[1], keeping: concepts[0].prompts),
  ]

  static func small(_ change: (inout SepME) -> Void = { _ in }) -> SepME {
    var method = SepME()
    (method.training.steps, method.training.batch, method.training.logEvery) = (6, 2, 1)
    (method.trajectories, method.trajectorySteps, method.rho) = (2, 4, 0)
    change(&method)
    return method
  }

  func train(_ method: SepME, _ requests: [SepME.Request], _ events: inout [JSON]) throws
    -> [EraserFactors]
  {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Self.folder)
    return try Fixtures.temporaryFolder { folder in
      let run = try Run(folder, seed: 1)
      let made = try method.erasers(for: requests, of: model, run)
      events = run.events()
      return made
    }
  }

  /// At dW = 0 the correlation is mean r^2 > 0; training brings it down.
  @Test func correlationStartsPositiveAndFalls() throws {
    var events: [JSON] = []
    let method = Self.small { ($0.lambda, $0.training.steps) = (0, 60) }
    let made = try train(method, [Self.requests[0]], &events)
    let first = try #require(events.first?["correlation fox"]?.number)
    #expect(first > 0 && abs(first - (events.first?["loss"]?.number ?? 0)) < 1e-6)
    #expect(made[0].dense.norm > 0)
    let last = events.last { $0["correlation fox"]?.number != nil }
    #expect(try #require(last?["correlation fox"]?.number) < first)
  }

  /// Training side by side draws and ends as training alone does, to rounding.
  @Test func companyChangesNothing() throws {
    var events: [JSON] = []
    let both = try train(Self.small(), Self.requests, &events)
    for (request, together) in zip(Self.requests, both) {
      let alone = try train(Self.small(), [request], &events)[0]
      let vector = (alone.dense - together.dense).norm
      #expect(vector < 0.02 * alone.dense.norm, "\(request.concept.name): \(vector)")
    }
  }

  /// An eraser does nothing to what it keeps: keys and values change by under a thousandth.
  @Test func keptPromptsAreKept() throws {
    var events: [JSON] = []
    let made = try train(Self.small { $0.tolerance = 1e-6 }, Self.requests, &events)
    let model = try DiffusionModel.load(Self.folder)
    for (i, eraser) in made.enumerated() {
      let kept = Self.requests[i].kept + [""]
      let own = SeparationCheck.residual(of: Self.concepts[i].prompts, eraser.dense, model).value
      #expect(SeparationCheck.residual(of: kept, eraser.dense, model).value < 1e-4 * max(own, 0.01))
      #expect(own > 1e-3)
    }
  }

  @Test(arguments: [SepME.Form.joint, .whole]) func otherForms(_ form: SepME.Form) throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    try Fixtures.temporaryFolder { folder in
      let method = Self.small {
        ($0.form, $0.tolerance) = (form, 0.1)
        if form == .whole { ($0.training.learningRate, $0.tau, $0.tauShare) = (1e-3, -1, -2) }
      }
      let erasure = Erasure(forget: [Concept("fox"), Concept("bus")])
      let run = try Run(folder, seed: 1)
      let vector = try method.erase(erasure, from: model, run).vector
      #expect(vector.norm > 0)
      let moved = Set(vector.paths)
      let selection: ParameterSelection =
        form == .whole ? .crossAttention : .crossAttentionKeysValues
      #expect(moved == Set(selection.paths(of: model.parameters)))
      #expect(run.events().contains { $0["loss"]?.number != nil })
    }
  }

  /// Regular prompts shape the basis within the same span, and suffer less for it.
  @Test func regularPromptsSufferLess() throws {
    var events: [JSON] = []
    let regular = ["cat", "dog", "key", "tent"].map { "a noto emoji of a \($0)" }
    var with = Self.requests[0]
    with.regular = regular
    let method = Self.small { ($0.rho, $0.training.steps) = (15, 30) }
    let made = try [Self.requests[0], with].map { try train(method, [$0], &events)[0] }
    let model = try DiffusionModel.load(Self.folder)
    let share = made.map { eraser in
      SeparationCheck.residual(of: regular, eraser.dense, model).value
        / SeparationCheck.residual(of: Self.concepts[0].prompts, eraser.dense, model).value
    }
    #expect(share[1] < share[0], "\(share)")
  }
}
