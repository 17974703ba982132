// Weights that rest in the type of their file while a model is drawn with in half precision.
import Foundation
import TestSupport
import Testing
import TorchNN

@testable import Diffusion
@testable import Editing
@testable import Torch

@Suite struct RestingWeightsTests {
  /// A tiny model as files of float16, loaded for training and for drawing in a type.
  private func models<R>(
    _ name: String, drawing type: ComputeType,
    _ body: (_ whole: DiffusionModel, _ resting: DiffusionModel) throws -> R
  ) throws -> R {
    Runtime.threads = 1
    return try Fixtures.temporaryFolder { folder in
      try DiffusionModel.load(Fixtures.url(name)).save(to: folder, dtype: .float16)
      return try body(
        DiffusionModel.load(folder, drawing: nil), DiffusionModel.load(folder, drawing: type))
    }
  }

  private var options: SamplingOptions {
    var options = SamplingOptions()
    options.steps = 2
    return options
  }

  /// No float32 copy is there after a picture: the drawing weights share the memory of the file, but for the VAE that
  /// stays in float32. The hash and the pictures are those of the model in float32.
  @Test(arguments: ["tiny-sd1", "tiny-sdxl"]) func oneCopyStays(_ name: String) throws {
    try models(name, drawing: .float16) { whole, resting in
      var options = options
      options.dtype = .float16
      let pictures = try resting.images(["a fox"], seeds: [1], options)
      #expect(try pictures == whole.images(["a fox"], seeds: [1], options))
      let drawer = try #require(resting.drawer)
      for path in resting.store.paths {
        let (own, drawn) = (try #require(resting.store[path]), try #require(drawer.store[path]))
        #expect(own.dtype == .float16, "\(path)")
        let staysInFloat32 = path.components.first == "vae" && drawn.dtype == .float32
        #expect(staysInFloat32 || drawn.sharesMemory(with: own), "\(path)")
      }
      #expect(resting.hash() == whole.hash())
      #expect(resting.store.tensors.values.allSatisfy { $0.dtype == .float16 })
    }
  }

  /// In a type other than the file's there is one cast copy, and none of float32 beside it.
  @Test func anotherTypeIsCastOnce() throws {
    try models("tiny-sd1", drawing: .bfloat16) { whole, resting in
      var options = options
      options.dtype = .bfloat16
      let pictures = try resting.images(["a fox"], seeds: [1], options)
      #expect(try pictures == whole.images(["a fox"], seeds: [1], options))
      let copies = try #require(resting.drawer).store.tensors.values
      #expect(copies.allSatisfy { $0.dtype == .bfloat16 })
      #expect(resting.store.tensors.values.allSatisfy { $0.dtype == .float16 })
    }
  }

  /// Erasers are added in float32, and gradients are those of the float32 model.
  @Test func erasersAndGradientsAreThoseOfFloat32() throws {
    try models("tiny-sd1", drawing: .float16) { whole, resting in
      let path = try #require(
        ParameterSelection.crossAttentionKeysValues.paths(of: whole.parameters).first)
      let shape = try #require(whole.parameters[path]).shape
      let change = ParameterVector([path: Tensor.randn(shape, Generator(seed: 1)) * 1e-4])
      let (a, b) = (try whole.applying(change), try resting.applying(change))
      #expect(a.hash() == b.hash() && a.hash() != whole.hash())
      var options = options
      options.dtype = .float16
      #expect(
        try a.images(["a fox"], seeds: [1], options) == b.images(["a fox"], seeds: [1], options))
      func gradient(_ model: DiffusionModel) -> Tensor {
        let words = withoutGradients { model.wordEmbeddings([model.tokens("a fox")]).cloned() }
        words.requiresGradient = true
        let x = Tensor.randn([1, 4, model.latentSize, model.latentSize], Generator(seed: 2))
        let y = model.predict(x, at: Tensor([Float(500)]), given: model.encode(words))
        return gradients(of: y.squared().mean(), with: [words])[0]
      }
      #expect(gradient(a).isIdentical(to: gradient(b)))
      let trained = try resting.clone(owning: ParameterSelection.unet.matches)
      #expect(trained.parameters.tensors.values.allSatisfy { $0.dtype == .float32 })
    }
  }
}
