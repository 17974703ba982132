import Foundation
import TestSupport
import Testing
import Torch
import TorchNN

@testable import Diffusion

/// Relatives of Stable Diffusion that share its classes.
@Suite struct VariantTests {
  private func model(_ kind: String, _ change: (inout Layout) -> Void) throws -> DiffusionModel {
    Runtime.threads = 1
    var layout = try Layout(folder: Fixtures.url(kind))
    change(&layout)
    return try DiffusionModel(layout, .initial(Generator(seed: 2)))
  }

  private func prediction(_ model: DiffusionModel, guidance: Double? = nil) throws -> Tensor {
    try withoutGradients {
      var c = model.embed(["a fox"])
      c.guidance = guidance
      let x = Tensor.randn([1, 4, 8, 8], Generator(seed: 1))
      return try model.predict(x, at: Tensor([500] as [Float]), given: c)
    }
  }

  /// tiny-sd has no middle block, SSD-1B one residual block there and depths of its own on the way up.
  @Test func middles() throws {
    func middle(_ value: JSON?) throws -> Set<String> {
      let model = try model("tiny-sd1") { $0.configs[.unet]?["mid_block_type"] = value }
      #expect(try prediction(model).isFinite)
      return Set(
        model.parameters.paths.filter { $0.components[1] == "mid_block" }
          .map { $0.components[2...3].joined(separator: ".") })
    }
    #expect(try middle(.null).isEmpty)
    #expect(try middle("UNetMidBlock2D") == ["resnets.0"])
    #expect(try middle(nil) == ["resnets.0", "attentions.0", "resnets.1"])
  }

  @Test func depthsOfTheirOwn() throws {
    let model = try model("tiny-sdxl") {
      $0.configs[.unet]?["transformer_layers_per_block"] = [1, [3]]
      $0.configs[.unet]?["reverse_transformer_layers_per_block"] = [[2, 1], 1]
    }
    func blocks(_ place: String) -> Int {
      Set(
        model.parameters.paths.filter { $0.name.hasPrefix("unet.\(place).transformer_blocks.") }
          .map { $0.name.dropFirst("unet.\(place).transformer_blocks.".count).prefix(1) }
      ).count
    }
    #expect(blocks("down_blocks.1.attentions.0") == 3 && blocks("mid_block.attentions.0") == 3)
    #expect(
      blocks("up_blocks.0.attentions.0") == 2 && blocks("up_blocks.0.attentions.1") == 1)
    #expect(try prediction(model).isFinite)
  }

  /// A distilled network is told the guidance scale, and is asked once a step.
  @Test func guidanceAsAnInput() throws {
    let model = try model("tiny-sd1") {
      $0.configs[.unet]?["time_cond_proj_dim"] = 16
      $0.scheduler["_class_name"] = "LCMScheduler"
    }
    #expect(
      model.parameters[ParameterPath("unet.time_embedding.cond_proj.weight")]?.shape == [8, 16])
    #expect(model.parameters[ParameterPath("unet.time_embedding.cond_proj.bias")] == nil)
    #expect(try prediction(model, guidance: 8).distance(to: prediction(model)) > 1e-4)
    var options = SamplingOptions()
    (options.sampler, options.steps, options.guidance) = ("model", 2, 8)
    let before = model.evaluations
    _ = try model.images(["a fox"], seeds: [1], options)
    #expect(model.evaluations - before == 2)
    // w = 1000 (s - 1): at 1 all sines are 0 and all cosines 1.
    #expect(guidanceEmbedding(1, 4).floats == [0, 0, 1, 1])
    #expect(abs(guidanceEmbedding(1.001, 4).floats[0] - Float(Foundation.sin(1.0))) < 1e-5)
  }

  /// Latents with a mean and a deviation for each channel.
  @Test func normalisedLatents() throws {
    let plain = try model("tiny-sdxl") { _ in }
    let normal = try model("tiny-sdxl") {
      $0.configs[.vae]?["latents_mean"] = [1, 2, 3, 4]
      $0.configs[.vae]?["latents_std"] = [2, 2, 4, 4]
    }
    let z = Tensor.randn([1, 4, 8, 8], Generator(seed: 3))
    let scale = try normal.codec.scalingFactor
    let expected =
      (z * Tensor([2, 2, 4, 4] as [Float], [1, 4, 1, 1])) / scale
      + Tensor([1, 2, 3, 4] as [Float], [1, 4, 1, 1])
    #expect(try normal.codec.unscaled(z).distance(to: expected) < 1e-5)
    #expect(try normal.codec.scaled(normal.codec.unscaled(z)).distance(to: z) < 1e-5)
    #expect(try plain.codec.unscaled(z).distance(to: z / scale) < 1e-6)
    #expect(throws: LetheError.self) {
      try model("tiny-sdxl") {
        $0.configs[.vae]?["latents_mean"] = [1]
        $0.configs[.vae]?["latents_std"] = [1]
      }
    }
  }

  /// Noise levels of Karras et al. draw with their own sampler alone.
  @Test func preconditionedNetworks() throws {
    let model = try model("tiny-sdxl") {
      $0.scheduler = ["_class_name": "EDMEulerScheduler", "sigma_max": 80, "sigma_min": 0.002]
    }
    var options = SamplingOptions()
    (options.sampler, options.steps, options.width, options.height) = ("model", 2, 16, 16)
    #expect(
      try model.latents(given: withoutGradients { model.embed(["a"]) }, seeds: [1], options)
        .isFinite)
    options.sampler = "ddim"
    let error = #expect(throws: LetheError.self) { try model.images(["a"], seeds: [1], options) }
    #expect(error?.sentence.contains("EDMEulerScheduler") == true)
  }

  @Test(arguments: [(9, "inpainting"), (8, "edits pictures"), (5, "depth"), (7, "upscaler")])
  func moreThanNoiseIsRefused(_ channels: Int, _ kind: String) throws {
    let error = #expect(throws: LetheError.self) {
      try model("tiny-sd1") { $0.configs[.unet]?["in_channels"] = .int(channels) }
    }
    #expect(error?.sentence.contains(kind) == true)
  }

  /// Refusals say what a model is.
  static let kinds: [(JSON, String)] = [
    ("StableDiffusionInpaintPipeline", "inpainting"),
    ("StableDiffusionXLImg2ImgPipeline", "refiner"),
    (["pipeline", "StableMaterialsPipeline"], "StableMaterialsPipeline"),
    ("OnnxStableDiffusionPipeline", "ONNX"), ("StableDiffusionUpscalePipeline", "upscaler"),
  ]

  @Test(arguments: kinds)
  func kindsAreNamed(_ name: JSON, _ kind: String) throws {
    try Fixtures.temporaryFolder { folder in
      let model = folder.appendingPathComponent("model")
      try FileManager.default.copyItem(at: Fixtures.url("tiny-sd1"), to: model)
      let file = model.appendingPathComponent("model_index.json")
      var index = try JSON(contentsOf: file)
      index["_class_name"] = name
      try Data(index.pretty.utf8).write(to: file)
      let error = #expect(throws: LetheError.self) { try DiffusionModel.load(model) }
      #expect(error?.sentence.contains(kind) == true, "\(error?.sentence ?? "")")
    }
  }

  /// A folder names no component that it lacks, so that diffusers can load it.
  @Test func writtenFoldersAreWhole() throws {
    try Fixtures.temporaryFolder { folder in
      let model = folder.appendingPathComponent("model")
      try FileManager.default.copyItem(at: Fixtures.url("tiny-sd1"), to: model)
      let file = model.appendingPathComponent("model_index.json")
      var index = try JSON(contentsOf: file)
      index["safety_checker"] = ["stable_diffusion", "StableDiffusionSafetyChecker"]
      index["feature_extractor"] = ["transformers", "CLIPImageProcessor"]
      index["image_encoder"] = ["transformers", "CLIPVisionModelWithProjection"]
      try Data(index.pretty.utf8).write(to: file)
      let out = folder.appendingPathComponent("out")
      try DiffusionModel.load(model).save(to: out)
      let written = try JSON(contentsOf: out.appendingPathComponent("model_index.json"))
      for key in ["safety_checker", "feature_extractor", "image_encoder"] {
        #expect(written[key] == [.null, .null])
      }
      #expect(written["requires_safety_checker"] == false && written["vae"] == index["vae"])
    }
  }

  /// Minus infinity of the scheduler, text files with CRLF and a byte-order mark, and no merges.
  @Test func filesAsPythonWritesThem() throws {
    try Fixtures.temporaryFolder { folder in
      let model = folder.appendingPathComponent("model")
      try FileManager.default.copyItem(at: Fixtures.url("tiny-sd1"), to: model)
      let plain = try DiffusionModel.load(model)
      let scheduler = model.appendingPathComponent("scheduler/scheduler_config.json")
      let text =
        "{\"_class_name\": \"DPMSolverMultistepScheduler\", \"beta_schedule\": \"scaled_linear\", \"lambda_min_clipped\": -Infinity}"
      try Data(text.utf8).write(to: scheduler)
      for name in ["merges.txt", "vocab.json"] {
        let file = model.appendingPathComponent("tokenizer/\(name)")
        let lines = try String(contentsOf: file, encoding: .utf8)
        try Data(("\u{FEFF}" + lines.replacingOccurrences(of: "\n", with: "\r\n")).utf8).write(
          to: file)
      }
      let read = try DiffusionModel.load(model)
      #expect(read.tokens("a noto emoji of a fox") == plain.tokens("a noto emoji of a fox"))
      #expect(read.layout.scheduler["lambda_min_clipped"]?.number == -.infinity)
      var options = SamplingOptions()
      (options.sampler, options.steps) = ("model", 2)
      #expect(try read.images(["a fox"], seeds: [1], options).count == 1)
      // Written again as it was, and, changed, as Python reads it.
      var layout = read.layout
      layout.scheduler["beta_end"] = 0.013
      let out = folder.appendingPathComponent("out")
      try DiffusionModel(layout, read.parameters.source { _ in false }).save(to: out)
      let again = try String(
        contentsOf: out.appendingPathComponent("scheduler/scheduler_config.json"), encoding: .utf8)
      #expect(again.contains(": -Infinity"))
      try Data("#version: 0.2\r\n".utf8).write(
        to: model.appendingPathComponent("tokenizer/merges.txt"))
      #expect(throws: LetheError.self) { try DiffusionModel.load(model) }
    }
  }
}
