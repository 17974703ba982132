import Diffusion
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training

@testable import Editing

@Suite struct EraserSetTests {
  @Test func aSetSwitchesAndChecks() throws {
    let model = try DiffusionModel.load(Fixtures.emoji)
    try Fixtures.temporaryFolder { folder in
      var set = try EraserSet.create(
        folder.appendingPathComponent("set"), model: Fixtures.emoji.path, base: model.hash(),
        protecting: [], seed: 0)
      try set.add(.init("fox", prompts: ["a noto emoji of a fox"]))
      #expect(throws: LetheError.self) { try set.add(.init("fox", prompts: ["x"])) }
      #expect(throws: LetheError.self) { try set.switching(["fox"], on: true) }
      let unknown = try #require(throws: LetheError.self) { try set.entry("fax") }
      #expect(unknown.description.contains("did you mean 'fox'"))
      // An eraser that was made before the set knew of the cat.
      let space = NullSpace(of: [""], in: model, tolerance: 1e-9)
      var eraser = EraserFactors(zeroOver: space, beta: 1, of: model)
      let g = Generator(seed: 8)
      eraser.weights = eraser.weights.mapValues { 0.01 * Tensor.randn($0.shape, g) }
      var card = Eraser.Card()
      card.base = set.card.base
      try Eraser(card, eraser.rounded()).write(to: set.file("fox"))
      var entry = try set.entry("fox")
      (entry.nullity, entry.isActive) = (space.nullity, true)
      try set.update(entry)
      #expect(try SeparationCheck(set, model, limit: 1e-3).failures.isEmpty)
      try set.add(.init("cat", prompts: ["a noto emoji of a cat"]))
      let failures = try SeparationCheck(set, model, limit: 1e-3).failures
      #expect(failures.map(\.eraser) == ["fox"] && failures.map(\.concept) == ["cat"])
      #expect(failures.first?.isKnown == false)

      let reopened = try EraserSet(set.folder)
      #expect(try reopened.active() == ["fox"])
      #expect(try reopened.vector([]).tensors.isEmpty)
      #expect(throws: LetheError.self) { try reopened.active(["fox", "fox"]) }
      // Two entries of a stranger's set that share a file would add one eraser twice.
      let place = set.folder.appendingPathComponent("erasers.json")
      let kept = try Data(contentsOf: place)
      let twice = String(decoding: kept, as: UTF8.self).replacing("\"cat\"", with: "\"FOX\"")
      try Data(twice.utf8).write(to: place)
      let error = #expect(throws: LetheError.self) { try EraserSet(set.folder) }
      #expect(error?.sentence.contains("'FOX' stands there twice") == true)
      try kept.write(to: place)
      // Everything off is the base, bit for bit; on and off again likewise.
      let off = try model.applying(try reopened.vector([]))
      #expect(off.hash() == model.hash())
      try set.switching(["fox"], on: false)
      #expect(try EraserSet(set.folder).active().isEmpty)
      try set.remove("fox")
      #expect(!FileManager.default.fileExists(atPath: set.file("fox").path))
      #expect(throws: LetheError.self) { try EraserSet(folder) }
    }
  }
}
