import Diffusion
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training

@testable import Editing

/// Prompts of the embedded model, whose text is 256 wide with 16 positions.
@Suite struct SeparableTests {
  static let folder = Fixtures.package.appendingPathComponent("Models/emoji")

  @Test func rankOfSharedRowsIsCountedOnce() throws {
    let model = try DiffusionModel.load(Self.folder)
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
    let model = try DiffusionModel.load(Self.folder)
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

  /// Random weights over the null spaces of three concepts: the sum acts on each as its own alone,
  /// and on the empty prompt not at all (specification 4.8: 2e-15 in float64).
  @Test func sumsActOnEachConceptAsItsOwn() throws {
    let model = try DiffusionModel.load(Self.folder)
    let concepts = ["a noto emoji of a fox", "a line emoji of a dog", "a symbola emoji of a bus"]
    let g = Generator(seed: 3)
    let parts = concepts.map { own -> EraserFactors in
      let space = NullSpace(
        of: [""] + concepts.filter { $0 != own }, in: model, tolerance: 1e-9)
      var part = EraserFactors(zeroOver: space, beta: 1, of: model)
      part.weights = part.weights.mapValues { .randn($0.shape, g) }
      return part
    }
    let sum = parts.reduce(ParameterVector.zero) { $0 + $1.dense }
    func effect(_ d: ParameterVector, _ prompt: String) -> Tensor {
      let hidden = withoutGradients { model.embed([prompt]).hidden }.to(.float64)
      let path = d.paths[0]
      return hidden.matmul(d.tensors[path]?.to(.float64).transposed(0, 1) ?? hidden)
    }
    for (own, part) in zip(concepts, parts) {
      let alone = effect(part.dense, own)
      #expect(alone.norm().item > 1)
      #expect(effect(sum, own).distance(to: alone) < 1e-4)
    }
    #expect(effect(sum, "").norm().item < 1e-4)
  }

  /// Shifted conditioning predicts what a model with the eraser laid on predicts.
  @Test(arguments: ["tiny-sd1", "tiny-sdxl"]) func shiftsEqualChangedWeights(_ kind: String) throws
  {
    let model = try DiffusionModel.load(Fixtures.url(kind))
    let g = Generator(seed: 5)
    var d = ParameterVector.zero
    for path in ParameterSelection.crossAttentionKeysValues.paths(of: model.parameters) {
      d.tensors[path] = 0.1 * Tensor.randn(try #require(model.parameters[path]).shape, g)
    }
    let x = Tensor.randn([2, 4, 8, 8], g)
    let t = Tensor([500, 20] as [Float])
    try withoutGradients {
      let c = model.embed(["a fox", "a cat"])
      let edited = try model.applying(d).predict(x, at: t, given: c)
      let shifted = model.predict(x, at: t, given: try c.shifted(by: d))
      #expect(edited.distance(to: shifted) < 1e-5)
      // A row without erasers, beside one with: bit for bit the base.
      let mixed = Conditioning.concatenate([c.rows([0]), try c.rows([1]).shifted(by: d)])
      let both = model.predict(x, at: t, given: mixed)
      let base = model.predict(x, at: t, given: c)
      #expect(both[0, at: 0].isIdentical(to: base[0, at: 0]))
      #expect(both[0, at: 1].distance(to: edited[0, at: 1]) < 1e-5)
    }
    let more = ParameterVector([ParameterPath("unet.conv_in.weight"): Tensor.zeros([1])])
    let error = try #require(throws: LetheError.self) {
      try withoutGradients { try model.embed(["a"]).shifted(by: more) }
    }
    #expect(error.description.contains("unet.conv_in.weight"))
  }

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

  /// SDXL tells zeros for the empty prompt: no token row of it is another prompt's start, and no residual divides by its
  /// length.
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

  /// Gradients reach shifts through blocks that are computed again, as without.
  @Test func gradientsOfShiftsSurviveRecomputing() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let space = NullSpace(of: [""], in: model, tolerance: 0.1)
    let eraser = EraserFactors(zeroOver: space, beta: 0.1, of: model)
    let weights = eraser.weights.keys.sorted().compactMap { eraser.weights[$0] }
    for weight in weights { weight.requiresGradient = true }
    let c = withoutGradients { model.embed(["a fox"]) }
    let u = eraser.coordinates(of: c.hidden)
    let x = Tensor.randn([1, 4, 8, 8], Generator(seed: 2))
    func gradient() -> [Tensor] {
      let e = model.predict(
        x, at: Tensor([300] as [Float]), given: Conditioning(c.hidden, shifts: eraser.shifts(of: u))
      )
      return gradients(of: e.squared().mean(), with: weights)
    }
    let plain = gradient()
    model.unet.recomputes = true
    for (a, b) in zip(plain, gradient()) {
      #expect(a.norm().item > 0)
      #expect(a.distance(to: b) < 1e-6)
    }
  }

  @Test func factorsComeBackFromTheFile() throws {
    let model = try DiffusionModel.load(Self.folder)
    let space = NullSpace(of: [""], in: model, tolerance: 1e-9)
    var eraser = EraserFactors(zeroOver: space, beta: 0.1, of: model)
    let g = Generator(seed: 6)
    eraser.weights = eraser.weights.mapValues { .randn($0.shape, g) }
    let rounded = eraser.rounded()
    try Fixtures.temporaryFolder { folder in
      let file = folder.appendingPathComponent("e.safetensors")
      try Eraser(Eraser.Card(), rounded).write(to: file)
      let back = try Eraser(contentsOf: file)
      for path in rounded.dense.paths {
        let (a, b) = (try #require(back.vector.tensors[path]), rounded.dense.tensors[path])
        #expect(a.isIdentical(to: try #require(b)))
      }
      // A factor that does not fit its basis is refused.
      try SafeTensors.write(
        ["right": Tensor.zeros([3, 4]), "unet.a.left": Tensor.zeros([2, 5])],
        metadata: [
          "format": "lethe-increment-1",
          "lethe":
            "{\"method\":\"sepme\",\"concepts\":[],\"options\":{},\"seed\":0,\"base\":\"\",\"version\":\"\"}",
        ],
        to: file)
      let error = try #require(throws: LetheError.self) { try Eraser(contentsOf: file) }
      #expect(error.description.contains("no factor"))
    }
  }

  @Test func aSetSwitchesAndChecks() throws {
    let model = try DiffusionModel.load(Self.folder)
    try Fixtures.temporaryFolder { folder in
      var set = try EraserSet.create(
        folder.appendingPathComponent("set"), model: Self.folder.path, base: model.hash(),
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
