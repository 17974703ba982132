import Diffusion
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training

@testable import Editing

@Suite struct EraserTests {
  /// Laid on and taken back; a sum of two equals both in turn.
  @Test func erasersComeBack() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let path = ParameterSelection.crossAttention.paths(of: model.parameters)[0]
    let base = try #require(model.parameters[path])
    let before = base.cloned()
    var card = Eraser.Card()
    (card.method, card.concepts, card.base) = ("test", ["fox"], model.hash())
    let eraser = Eraser(card, ParameterVector([path: Tensor.ones(base.shape)]))
    try Fixtures.temporaryFolder { folder in
      let file = folder.appendingPathComponent("i.safetensors")
      try eraser.write(to: file)
      let read = try Eraser(contentsOf: file)
      #expect(read.card == card)
      let once = try model.applying([read])
      #expect(try #require(once.parameters[path]).distance(to: before + 1) == 0)
      #expect(base.isIdentical(to: before), "the base is never modified")
      var other = read
      other.card.concepts = ["cat"]
      let twice = try model.applying([read, other])
      #expect(try #require(twice.parameters[path]).distance(to: before + 2) == 0)
      let error = #expect(throws: LetheError.self) { try model.applying([read, read]) }
      #expect(error?.sentence.contains("'fox' is given twice") == true)
      let stranger = try DiffusionModel.load(Fixtures.url("tiny-sd2"))
      #expect(throws: LetheError.self) { try stranger.applying([read]) }
      #expect(throws: LetheError.self) {
        try Eraser(contentsOf: Fixtures.url("numbers.safetensors"))
      }
    }
  }

  /// Nothing is repeated to fit: one number is no difference of a matrix.
  @Test(arguments: [[1], [1, 1], [8, 1], []]) func shapesAreExact(_ shape: [Int]) throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let path = ParameterSelection.crossAttention.paths(of: model.parameters)[0]
    var card = Eraser.Card()
    card.base = model.hash()
    let whole = try #require(model.parameters[path]).shape
    let wrong = Eraser(card, ParameterVector([path: Tensor.ones(shape)]))
    card.concepts = ["fox"]
    let right = Eraser(card, ParameterVector([path: Tensor.ones(whole)]))
    for erasers in [[wrong], [right, wrong], [wrong, right]] {
      let error = #expect(throws: LetheError.self) { try model.applying(erasers) }
      #expect(error?.kind == .request && error?.sentence.contains("\(path)") == true)
    }
    #expect(throws: LetheError.self) {
      try ParameterVector.sum([right.vector, wrong.vector])
    }
  }

  @Test(arguments: [DType.bool, .uint8, .int8, .int32, .int64])
  func erasersHoldFloatingPointNumbers(_ dtype: DType) throws {
    try Fixtures.temporaryFolder { folder in
      let file = folder.appendingPathComponent("e.safetensors")
      let card = try JSON(encoding: Eraser.Card()).compact
      try SafeTensors.write(
        ["unet.conv_in.bias": Tensor.ones([8]).to(dtype)],
        metadata: ["format": "lethe-increment-1", "lethe": card], to: file)
      let error = #expect(throws: LetheError.self) { try Eraser(contentsOf: file) }
      #expect(error?.sentence.contains("'unet.conv_in.bias'") == true)
      #expect(error?.sentence.contains("\(dtype)") == true)
    }
  }

  @Test(arguments: [Double.nan, .infinity]) func erasersAreFinite(_ value: Double) throws {
    try Fixtures.temporaryFolder { folder in
      let file = folder.appendingPathComponent("e.safetensors")
      let path = ParameterPath("unet.conv_in.bias")
      let eraser = Eraser(.init(), ParameterVector([path: Tensor.full([8], value)]))
      let error = #expect(throws: LetheError.self) { try eraser.write(to: file) }
      #expect(error?.kind == .diverged && error?.sentence.contains("\(path)") == true)
      #expect(!FileManager.default.fileExists(atPath: file.path))
    }
  }
}
