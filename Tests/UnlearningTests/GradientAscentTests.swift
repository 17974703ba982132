import Diffusion
import Editing
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training

@testable import Unlearning

@Suite struct GradientAscentTests {
  /// L = alpha L_r - L_f, on the batches that a step draws in that order.
  @Test func ascentIsItsFormula() throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-ddpm"))
    try Fixtures.temporaryFolder { folder in
      try ThreeClasses.data(folder)
      let erasure = ThreeClasses.erasure(folder)
      var method = GradientAscent()
      method.training.batch = 6
      func found(_ alpha: Double) throws -> Double {
        method.alpha = alpha
        let run = try Run(folder.appendingPathComponent("run"), seed: 1)
        var step = Step(index: 0, seed: 3)
        return try withoutGradients {
          try method.objective(erasure, original: model, run).loss(model, &step).item
        }
      }
      let sets = try method.data.sets(
        erasure, model, Run(folder.appendingPathComponent("run"), seed: 1))
      try withoutGradients {
        var step = Step(index: 0, seed: 3)
        let f = try sets.remembering(6).loss(model, &step).item
        let r = try sets.retaining(6).loss(model, &step).item
        #expect(f > 0 && r > 0)
        #expect(abs(try found(0) + f) < 1e-5)
        #expect(abs(try found(0.5) - (0.5 * r - f)) < 1e-5)
      }
    }
  }

  /// Plain ascent needs nothing to keep.
  @Test func ascentAlone() throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    try Fixtures.temporaryFolder { folder in
      var method = GradientAscent.tiny
      (method.alpha, method.training.steps) = (0, 2)
      let vector = try method.erase(Erasure(forget: [Concept("fox")]), from: model, Run(folder))
        .vector
      #expect(vector.norm > 0)
    }
  }
}
