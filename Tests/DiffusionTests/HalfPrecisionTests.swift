// Against diffusers 0.42.1 in the same type (scripts/golden/half.py).
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN

@testable import Diffusion

@Suite struct HalfPrecisionTests {
  static let kinds = ["tiny-sd1", "tiny-sd2", "tiny-sdxl"]

  /// The largest deviation of a component's output from the reference's in the same type, as a share of its norm. Rounding to
  /// 8 and 11 bits goes through some thirty layers of the U-Net and the VAE, and through three of the text encoders.
  struct Tolerance {
    var network: Double
    var text: Double
  }
  static let tolerances: [ComputeType: Tolerance] = [
    .bfloat16: Tolerance(network: 0.02, text: 0.01),
    .float16: Tolerance(network: 0.003, text: 0.0015),
  ]

  private func deviation(_ a: Tensor, _ b: Tensor) -> Double {
    ((a - b).flattened().norm() / b.flattened().norm()).item
  }

  @Test(arguments: kinds, [ComputeType.bfloat16, .float16])
  func networksAgreeWithDiffusers(_ kind: String, _ type: ComputeType) throws {
    Runtime.threads = 1
    let golden = try Fixtures.tensors("\(kind)/golden.safetensors")
    let half = try Fixtures.tensors("\(kind)/half.safetensors")
    let whole = try DiffusionModel.load(Fixtures.url(kind))
    let model = try whole.computing(in: type)
    let tolerance = try #require(Self.tolerances[type])
    func reference(_ name: String) throws -> Tensor {
      try #require(half["\(name).\(type.rawValue)"])
    }
    let (x, t) = (try #require(golden["x"]), try #require(golden["t"]))
    let hidden = try #require(golden["hidden"])
    try withoutGradients {
      let c = Conditioning(hidden, pooled: golden["pooled"])
      let output = model.predict(x, at: t, given: c)
      #expect(output.dtype == .float32 && model.computeType == type)
      #expect(deviation(output, try reference("unet")) < tolerance.network)
      // The networks really compute in the type: their outputs are not those of float32.
      let plain = whole.predict(x, at: t, given: c)
      #expect(deviation(output, plain) > 1e-5 && deviation(output, plain) < 2 * tolerance.network)
      let image = try #require(golden["image"] ?? half["image"])
      let mean = try model.codec.posterior(image).mean
      #expect(mean.dtype == .float32)
      #expect(deviation(mean, try reference("mean")) < tolerance.network)
      let decoded = try model.codec.reconstruct(x)
      #expect(deviation(decoded, try reference("decoded")) < tolerance.network)
      let prompts = kind == "tiny-sdxl" ? SDXLTests.special : ParityTests.prompts
      let (words, expected) = (model.embed(prompts), whole.embed(prompts))
      #expect(words.hidden.dtype == .float32)
      #expect(deviation(words.hidden, try reference("hidden")) < tolerance.text)
      #expect(deviation(words.hidden, expected.hidden) > 1e-5)
      if let pooled = words.pooled {
        #expect(deviation(pooled, try reference("pooled")) < tolerance.text)
      }
    }
  }

  /// A GPU's convolutions have channels innermost in half precision. The order changes nothing but the order of sums.
  @Test(arguments: kinds, ComputeType.allCases)
  func theOrderInMemoryDoesNotMatter(_ kind: String, _ type: ComputeType) throws {
    Runtime.threads = 1
    let golden = try Fixtures.tensors("\(kind)/golden.safetensors")
    let whole = try DiffusionModel.load(Fixtures.url(kind))
    let plain = try whole.computing(in: type)
    let turned = try ConvolutionLayout.$isChannelsLastEverywhere.withValue(true) {
      type == .float32
        ? try DiffusionModel.load(Fixtures.url(kind)) : try whole.computing(in: type)
    }
    let kernels = turned.parameters.tensors.values.filter { $0.shape.count == 4 && $0.size(2) > 1 }
    #expect(!kernels.isEmpty && kernels.allSatisfy { !$0.isContiguous })
    #expect(
      turned.parameters.tensors.allSatisfy { path, tensor in
        plain.parameters[path]?.floats == tensor.floats
      })
    let (x, t) = (try #require(golden["x"]), try #require(golden["t"]))
    let c = Conditioning(try #require(golden["hidden"]), pooled: golden["pooled"])
    let bound = Self.tolerances[type]?.network ?? 1e-6
    try withoutGradients {
      let (a, b) = (turned.predict(x, at: t, given: c), plain.predict(x, at: t, given: c))
      #expect(deviation(a, b) < bound)
      let (y, z) = (try turned.codec.reconstruct(x), try plain.codec.reconstruct(x))
      #expect(deviation(y, z) < bound)
    }
  }

  /// Weights take half of the memory. Pictures come from either way of asking, and the model itself stays as it is.
  @Test func picturesInHalfPrecision() throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let half = try model.computing(in: .bfloat16)
    func bytes(_ model: DiffusionModel) -> Int {
      model.parameters.tensors.values.map { $0.count * $0.dtype.size }.reduce(0, +)
    }
    #expect(2 * bytes(half) == bytes(model))
    var options = SamplingOptions()
    options.steps = 3
    let plain = try model.images(["a fox"], seeds: [1], options)[0]
    options.dtype = .bfloat16
    let asked = try model.images(["a fox"], seeds: [1], options)[0]
    #expect(model.parameters.tensors.values.allSatisfy { $0.dtype == .float32 })
    #expect(model.evaluations == 2 * 2 * 3)
    #expect(asked.pixels != plain.pixels)
    let c = withoutGradients { model.embed(["a fox"]) }
    #expect(try half.images(given: c, seeds: [1], options)[0].pixels == asked.pixels)
    let difference = zip(asked.pixels, plain.pixels).map { abs(Int($0) - Int($1)) }.max() ?? 0
    #expect(difference < 40, "\(difference)")
  }

  /// The key `force_upcast` decides; without it SDXL's VAE alone stays in float32. bfloat16 has float32's range.
  @Test(arguments: ["tiny-sd1", "tiny-sdxl"], [nil, true, false])
  func theVAEStaysInFloat32WhereItIsTold(_ kind: String, _ key: Bool?) throws {
    let model = try DiffusionModel.load(Fixtures.url(kind))
    var layout = model.layout
    layout.configs[.vae]?["force_upcast"] = key.map { .bool($0) }
    let told = try DiffusionModel(layout, .tensors(model.parameters.tensors), on: .cpu)
    func types(of component: String, in type: ComputeType) throws -> Set<DType> {
      let half = try told.computing(in: type).parameters
      return Set(
        half.paths.filter { $0.description.hasPrefix(component) }.compactMap { half[$0]?.dtype })
    }
    let stays = key ?? (kind == "tiny-sdxl")
    #expect(try types(of: "vae.", in: .float16) == [stays ? .float32 : .float16])
    #expect(try types(of: "vae.", in: .bfloat16) == [.bfloat16])
    #expect(try types(of: "unet.", in: .float16) == [.float16])
  }

  @Test func modelsOverPixelsAreRefused() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-ddpm"))
    let error = #expect(throws: LetheError.self) { try model.computing(in: .float16) }
    #expect(error?.sentence.contains("float32") == true)
  }
}
