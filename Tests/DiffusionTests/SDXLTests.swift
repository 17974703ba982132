// SDXL against diffusers 0.42.1 and transformers 5 (scripts/golden/diffusion.py), single-threaded fp32.
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN

@testable import Diffusion

@Suite struct SDXLTests {
  let model: DiffusionModel
  let golden: [String: Tensor]
  static let prompts = ["a noto emoji of a fox", "an umbrella, symbola style"]

  init() throws {
    Runtime.threads = 1
    model = try DiffusionModel.load(Fixtures.url("tiny-sdxl"))
    golden = try Fixtures.tensors("tiny-sdxl/golden.safetensors")
  }
  func get(_ name: String) throws -> Tensor { try #require(golden[name]) }

  /// Both encoders side by side, the projected vector, zeros for the empty prompt.
  @Test func prompts() throws {
    let c = withoutGradients { model.embed(Self.prompts) }
    #expect(c.hidden.distance(to: try get("hidden")) < 1e-5)
    let pooled = try #require(c.pooled)
    #expect(pooled.distance(to: try get("pooled")) < 1e-5)
    let empty = withoutGradients { model.embedNothing() }
    #expect(empty.hidden.distance(to: (try get("empty")).narrowed(0, 0, 1)) == 0)
    #expect(try #require(empty.pooled).abs().sum().item == 0)
    // The prompt without words is encoded: only a missing negative prompt is zeros.
    #expect(withoutGradients { model.embed([""]) }.hidden.abs().sum().item > 0)
    let pair = Conditioning.concatenate([c.rows([1]), c.rows([0])])
    #expect(try #require(pair.pooled).distance(to: pooled.indexed(0, [1, 0])) == 0)
  }

  static let special = [
    "!!! a fox !!!", "a cat!<|endoftext|>a fox", "a <cat-toy> of a <CAT-TOY>, fox",
    String(repeating: "fox ", count: 90) + "!",
  ]

  /// Each encoder is told its own tokenizer's ids. The prompt's vector stands at the largest id by the old rule, at the
  /// first end token by the new one; they differ where an added token is in the text.
  @Test func specialTokens() throws {
    let ids = (try get("ids")).ints
    #expect((0..<2).flatMap { e in Self.special.flatMap { model.tokens($0).rows[e] } } == ids)
    let c = withoutGradients { model.embed(Self.special) }
    #expect(c.hidden.distance(to: try get("hidden_special")) < 1e-5)
    #expect(try #require(c.pooled).distance(to: try get("pooled_special")) < 1e-5)
    var layout = model.layout
    layout.configs[.textEncoder2]?["eos_token_id"] = 553
    let newer = try DiffusionModel(layout, model.parameters.source { _ in false })
    let pooled = try #require(withoutGradients { newer.embed(Self.special) }.pooled)
    #expect(pooled.distance(to: try get("pooled_eos")) < 1e-5)
    #expect((try get("pooled_eos")).distance(to: try get("pooled_special")) > 0.1)
  }

  @Test func network() throws {
    let c = Conditioning(try get("hidden"), pooled: try get("pooled"))
    let output = try withoutGradients { model.predict(try get("x"), at: try get("t"), given: c) }
    #expect(output.distance(to: try get("unet")) < 1e-5)
    // Blocks computed again give the gradients of blocks that were kept, down to the pooled prompt.
    let pooled = (try get("pooled")).cloned()
    pooled.requiresGradient = true
    func gradient(_ recomputes: Bool) throws -> Tensor {
      model.unet.recomputes = recomputes
      defer { model.unet.recomputes = false }
      let y = model.predict(
        try get("x"), at: try get("t"), given: Conditioning(try get("hidden"), pooled: pooled))
      return gradients(of: y.squared().mean(), with: [pooled])[0]
    }
    let kept = try gradient(false)
    let again = try gradient(true)
    #expect(kept.abs().sum().item > 0 && kept.distance(to: again) < 1e-5)
  }

  /// A conditioning keeps its pooled prompt, row by row, through all that other targets can do with it.
  @Test func everyConditioningKeepsThePooledPrompt() throws {
    try withoutGradients {
      let c = model.embed(Self.prompts)
      let pooled = try #require(c.pooled)
      func isKept(_ made: Conditioning, _ rows: [Int]) throws -> Bool {
        try #require(made.pooled).isIdentical(to: pooled.indexed(0, rows))
      }
      #expect(try isKept(c.rows([1, 1, 0]), [1, 1, 0]))
      #expect(try isKept(c.repeated(2), [0, 0, 1, 1]))
      #expect(try isKept(.concatenate([c, c.rows([1])]), [0, 1, 1]))
      #expect(try isKept(c.shifted(by: [:]), [0, 1]))
      let words = model.wordEmbeddings(Self.prompts.map(model.tokens))
      #expect(try isKept(model.encode(words), [0, 1]))
      #expect(model.embedNothing().pooled?.shape == [1, pooled.size(1)])
    }
  }

  /// Only this target can make a conditioning without a pooled prompt, and the network is not run with it.
  @Test func theNetworkRefusesAMissingPooledPrompt() async {
    await #expect(processExitsWith: .failure) {
      let model = try DiffusionModel.load(Fixtures.url("tiny-sdxl"))
      let x = Tensor.randn([1, 4, 8, 8], Generator(seed: 1))
      let c = Conditioning(withoutGradients { model.embed(["a fox"]).hidden }, pooled: nil)
      _ = model.predict(x, at: Tensor([500] as [Float]), given: c)
    }
    await #expect(processExitsWith: .failure) {
      let model = try DiffusionModel.load(Fixtures.url("tiny-sdxl"))
      let c = withoutGradients { model.embed(["a fox"]) }
      _ = Conditioning.concatenate([c, Conditioning(c.hidden, pooled: nil)])
    }
    // Those of two models are a fault of the program: no file or option brings a conditioning.
    await #expect(processExitsWith: .failure) {
      let c = try ["tiny-sdxl", "tiny-sd1"].map { name in
        try withoutGradients { try DiffusionModel.load(Fixtures.url(name)).embed(["a fox"]) }
      }
      _ = Conditioning.concatenate(c)
    }
  }

  @Test(arguments: ["euler", "ddim", "dpm++2m"]) func latents(_ name: String) throws {
    var options = SamplingOptions()
    (options.sampler, options.steps, options.guidance) = (name, 12, 5)
    (options.width, options.height) = (16, 16)
    let found = try model.latents(
      given: withoutGradients { model.embed(Self.prompts) }, seeds: [11, 12], options)
    let expected = try get("latents.\(name)")
    // 12 guided steps carry rounding along, other processors' too; measured 6e-4 (DDIM, clipped to 1).
    #expect(found.distance(to: expected) < 2e-3 * (1 + expected.abs().flattened().max(0).item))
  }

  @Test func pictures() throws {
    var options = SamplingOptions()
    (options.sampler, options.steps, options.guidance) = ("euler", 12, 5)
    let images = try model.images(Self.prompts, seeds: [11, 12], options)
    let expected = (try get("images")).ints
    let found = images.flatMap { $0.pixels.map(Int.init) }
    #expect(found.count == expected.count)
    #expect(zip(found, expected).map { abs($0 - $1) }.max() ?? 255 <= 2)
  }

  /// Saving is the inverse of loading.
  @Test func roundTrip() throws {
    try Fixtures.temporaryFolder { folder in
      try model.save(to: folder, dtype: .float16)
      let again = try DiffusionModel.load(folder)
      #expect(again.parameters.paths == model.parameters.paths)
      let prompts = withoutGradients { again.embed(Self.prompts) }
      #expect(prompts.hidden.distance(to: try get("hidden")) < 1e-5)
      for name in ["model_index.json", "text_encoder_2/config.json", "tokenizer_2/vocab.json"] {
        let (a, b) = (
          try Data(contentsOf: folder.appendingPathComponent(name)),
          try Data(contentsOf: Fixtures.url("tiny-sdxl/\(name)"))
        )
        // diffusers computes in the type that a text encoder's file names.
        let text = String(decoding: b, as: UTF8.self)
          .replacing("\"dtype\": \"float16\"", with: "\"dtype\": \"float32\"")
        #expect(a == Data(text.utf8), "\(name)")
      }
    }
  }
}
