import Diffusion
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training

@testable import Editing

@Suite struct EraserFactorsTests {
  /// Random weights over the null spaces of three concepts: the sum acts on each as its own alone,
  /// and on the empty prompt not at all (specification 4.8: 2e-15 in float64).
  @Test func sumsActOnEachConceptAsItsOwn() throws {
    let model = try DiffusionModel.load(Fixtures.emoji)
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
        x, at: Tensor([300] as [Float]), given: c.shifted(by: eraser.shifts(of: u)))
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
    let model = try DiffusionModel.load(Fixtures.emoji)
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
}
