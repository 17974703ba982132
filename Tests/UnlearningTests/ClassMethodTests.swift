// The methods that train on pictures, one by one, on a model with classes: losses, choices of weights, directions.
import Diffusion
import Editing
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training

@testable import Unlearning

@Suite struct ClassMethodTests {
  /// Trainings move their losses the way they say: on fixed draws, of weights before and after.
  @Test(arguments: [
    "ascent", "amnesia", "scissorhands", "finetune", "retrain",
  ])
  func everyMethodFollowsItsLoss(_ name: String) throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-ddpm"))
    try Fixtures.temporaryFolder { folder in
      try ThreeClasses.data(folder)
      let erasure = ThreeClasses.erasure(folder)
      let settings: JSON = ["training": ["steps": 12, "batch": 8, "learningRate": 4e-3]]
      func make<M: UnlearningMethod>(_ type: M.Type) throws -> any UnlearningMethod {
        try settings.laid(over: M.tiny, in: "settings of a test")
      }
      let method = try make(MethodCatalog.builtIn.named(name))
      let run = try Run(folder.appendingPathComponent("run"), seed: 1)
      let edited = try model.applying(method.erase(erasure, from: model, run).vector)
      let sets = try DataOptions().sets(
        erasure, model, Run(folder.appendingPathComponent("sets"), seed: 1))
      /// The loss of the edited model as a share of the original's.
      func ratio(_ objective: any Objective, to other: DiffusionModel? = nil) throws -> Double {
        func loss(_ model: DiffusionModel) throws -> Double {
          var step = Step(index: 0, seed: 3)
          return try withoutGradients { try objective.loss(model, &step).item }
        }
        return try loss(edited) / loss(other ?? model)
      }
      let forgotten = sets.remembering(64)
      let kept = Denoising(sets.retain, model, batch: 64)
      switch name {
      case "ascent":
        let (gone, rest) = (try ratio(forgotten), try ratio(kept))
        #expect(gone > 1.02 && gone > rest, "\(gone) \(rest)")
      case "amnesia":
        // Pictures of the empty class under the forgotten one's name.
        let instead = try LatentSet(
          drawnBy: model, Array(repeating: "", count: 16), steps: 4, guidance: 1, seed: 2
        ).captioned(Array(repeating: "bird", count: 16))
        let found = try ratio(Denoising(instead, model, batch: 64))
        #expect(found < 1, "\(found)")
      case "scissorhands", "finetune":
        let found = try ratio(kept)
        #expect(found < 1, "\(found)")
      default:
        let found = try ratio(kept, to: model.initial(seed: run.seed &+ 9))
        #expect(found < 0.95, "\(found)")
      }
    }
  }

  /// The first step's losses are those of the formulas on the batches that it draws, in the rule's order: L_r then L_f
  /// in the rules of two losses, L_f + alpha L_r, and L_r - lambda l_f of the trimmed weights.
  @Test(arguments: ["erasediff", "munba", "salun", "randomlabel", "scissorhands"])
  func lossesAreThoseOfTheFormulas(_ name: String) throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-ddpm"))
    try Fixtures.temporaryFolder { folder in
      try ThreeClasses.data(folder)
      let erasure = ThreeClasses.erasure(folder)
      func make<M: UnlearningMethod>(_ type: M.Type) throws -> any UnlearningMethod {
        let settings: JSON =
          name == "erasediff"
          ? ["training": ["batch": 6], "pool": 0] : ["training": ["batch": 6]]
        return try settings.laid(over: M.tiny, in: "settings of a test")
      }
      let method = try #require(
        try make(MethodCatalog.builtIn.named(name)) as? any DataMethod)
      let student = try model.clone()
      let tensors = ParameterSelection.unet.paths(of: student.parameters)
        .compactMap { student.parameters[$0] }
      for tensor in tensors { tensor.requiresGradient = true }
      let run = try Run(folder.appendingPathComponent("run"), seed: 1)
      var rule = try method.rule(erasure, original: model, student: student, tensors, run)
      var step = Step(index: 0, seed: 3)
      let found = try rule.gradient(student, over: tensors, &step).loss
      let sets = try method.data.sets(erasure, model, run)
      let surrogate = Surrogate(sets.forget, .relabel, others: sets.others, model, batch: 6)
      var again = Step(index: 0, seed: 3)
      func loss(_ objective: any Objective) throws -> Double {
        try withoutGradients { try objective.loss(student, &again).item }
      }
      func isNear(_ a: Double?, _ b: Double) -> Bool { abs((a ?? .nan) - b) < 1e-4 * abs(b) }
      switch name {
      case "erasediff", "munba":
        let (r, f) = (try loss(sets.retaining(6)), try loss(surrogate))
        #expect(isNear(step.log["retain"], r) && isNear(step.log["forget"], f))
      case "salun", "randomlabel":
        let (f, r) = (try loss(surrogate), try loss(sets.retaining(6)))
        #expect(isNear(found, f + 0.5 * r), "\(found) \(f) \(r)")
      default:
        let (r, f) = (try loss(sets.retaining(6)), try loss(sets.remembering(6)))
        #expect(isNear(found, r - 0.1 * f), "\(found) \(f) \(r)")
      }
    }
  }
}
