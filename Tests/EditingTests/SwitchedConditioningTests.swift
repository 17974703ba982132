import Diffusion
import Foundation
import TestSupport
import Testing
import Torch

@testable import Editing

@Suite struct SwitchedConditioningTests {
  /// Pictures without an eraser, in a batch of a set of erasers, are told all that they are told alone.
  @Test func switchedConditioningKeepsThePooledPrompt() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sdxl"))
    try Fixtures.temporaryFolder { folder in
      let set = try EraserSet.create(
        folder.appendingPathComponent("set"), model: Fixtures.url("tiny-sdxl").path,
        base: model.hash(), protecting: [], seed: 1)
      let switched = try SwitchedConditioning(set, model)([("a fox", []), ("a cat", [])])
      let own = withoutGradients { model.embed(["a fox", "a cat"]) }
      #expect(try #require(switched.pooled).isIdentical(to: try #require(own.pooled)))
      #expect(switched.hidden.isIdentical(to: own.hidden))
    }
  }
}
