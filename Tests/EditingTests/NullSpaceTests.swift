import Diffusion
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training

@testable import Editing

@Suite struct NullSpaceTests {
  @Test func rankOfSharedRowsIsCountedOnce() throws {
    let model = try DiffusionModel.load(Fixtures.emoji)
    // Every token row of the empty prompt is its own direction.
    #expect(NullSpace(of: [""], in: model, tolerance: 1e-9).rank == 16)
    let one = TokenRows(["", "a noto emoji of a fox"], model)
    // The start row is shared: 16 + 15.
    #expect(one.stacked.shape == [31, 256])
    let two = TokenRows(["", "a noto emoji of a fox", "a noto emoji of a cat"], model)
    // Start and "a noto emoji of a" are shared: 6 of 16 rows.
    #expect(two.stacked.shape == [41, 256])
    #expect(two.stacked(without: 2)?.shape == [31, 256])
    #expect(NullSpace(of: ["", "", "a fox"], in: model, tolerance: 1e-9).rows == 31)
  }

  @Test func theBasisIsOrthonormalAndMeetsNoStackedRow() throws {
    let model = try DiffusionModel.load(Fixtures.emoji)
    let prompts = ["", "a noto emoji of a cat", "a line emoji of a dog"]
    let space = NullSpace(of: prompts, in: model, tolerance: 1e-9)
    let s = space.basis
    #expect(
      s.matmul(s.transposed(0, 1)).distance(to: Tensor.identity(space.nullity, .float64)) < 1e-12)
    #expect(space.residual < 1e-8)
    // The start is in all three, "a" in two.
    let shares = NullSpace.shares(of: prompts, in: model, tolerance: 1e-9)
    #expect(shares.map(\.rank) == [15, 14, 14])
    // With everything protected there is nothing left, and no crash.
    let full = NullSpace(rows: Tensor.identity(4, .float64), tolerance: 1e-9)
    #expect(full.nullity == 0 && full.basis.shape == [0, 4])
  }

  /// Ten stacked prompts of a text width of 768 leave as many directions as rows are missing.
  @Test func tenPromptsOfClipWidth() {
    let rows = Tensor.randn([77 + 76 * 9, 768], Generator(seed: 1)).to(.float64)
    #expect(NullSpace(rows: rows, tolerance: 1e-9).nullity == 7)
  }

  /// SDXL tells zeros for the empty prompt: no token row of it is another prompt's start, and no residual divides by
  /// its length.
  @Test func theEmptyPromptOfTwoEncodersIsARowOfZeros() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sdxl"))
    let empty = TokenRows([""], model)
    #expect(empty.stacked.shape == [1, 24] && empty.stacked.abs().sum().item == 0)
    // The start row and 76 others, and the zeros.
    #expect(TokenRows(["", "a fox"], model).stacked.shape == [78, 24])
    let space = NullSpace(of: ["", "a fox"], in: model, tolerance: 0.1)
    #expect(space.nullity > 0 && space.residual.isFinite)
    #expect(NullSpace(of: [""], in: model, tolerance: 0.1).nullity == 24)
    var d = ParameterVector.zero
    for path in ParameterSelection.crossAttentionKeysValues.paths(of: model.parameters) {
      d.tensors[path] = Tensor.randn(
        try #require(model.parameters[path]).shape, Generator(seed: 1))
    }
    let check = SeparationCheck.residual(of: ["", "a fox"], d, model)
    #expect(check.value > 0 && check.layers.allSatisfy { $0.residual.isFinite })
  }
}
