// Against diffusers 0.42.1 in the same type (scripts/golden/half.py).
import Diffusion
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN

@Suite struct HalfPrecisionTests {
  static let kinds = ["tiny-sd1", "tiny-sd2", "tiny-sdxl"]
  /// The largest deviation of a network's output from the reference's in the same type, as a share of its norm.
  /// Rounding to 8 and 11 bits goes through some thirty layers.
  static let tolerances: [ComputeType: Double] = [.bfloat16: 0.02, .float16: 0.003]

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
    let (x, t) = (try #require(golden["x"]), try #require(golden["t"]))
    let hidden = try #require(golden["hidden"])
    try withoutGradients {
      let c = Conditioning(hidden, pooled: golden["pooled"])
      let output = model.predict(x, at: t, given: c)
      #expect(output.dtype == .float32 && model.computeType == type)
      let (unet, image) = (
        try #require(half["unet.\(type.rawValue)"]), try #require(half["decoded.\(type.rawValue)"])
      )
      #expect(deviation(output, unet) < tolerance)
      // The networks really compute in the type: their outputs are not those of float32.
      let plain = whole.predict(x, at: t, given: c)
      #expect(deviation(output, plain) > 1e-5 && deviation(output, plain) < 2 * tolerance)
      let decoded = try model.codec.reconstruct(x)
      #expect(deviation(decoded, image) < tolerance)
      let words = model.embed(["a noto emoji of a fox"]).hidden
      let expected = whole.embed(["a noto emoji of a fox"]).hidden
      #expect(words.dtype == .float32)
      #expect(deviation(words, expected) > 1e-5 && deviation(words, expected) < tolerance)
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

  @Test func modelsOverPixelsAreRefused() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-ddpm"))
    let error = #expect(throws: LetheError.self) { try model.computing(in: .float16) }
    #expect(error?.sentence.contains("float32") == true)
  }
}
