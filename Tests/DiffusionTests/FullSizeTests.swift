// The full SD 1.4 and SDXL configurations with random weights. Slow; 5 and 15 GB of memory:
// LETHE_SLOW=1 make test FILTER=FullSize
import Diffusion
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN

@Suite struct FullSizeTests {
  static let isAsked = ProcessInfo.processInfo.environment["LETHE_SLOW"] != nil

  static let vae: JSON = [
    "_class_name": "AutoencoderKL", "block_out_channels": [128, 256, 512, 512],
    "layers_per_block": 2, "latent_channels": 4, "in_channels": 3,
    "down_block_types": .array(Array(repeating: "DownEncoderBlock2D", count: 4)),
    "up_block_types": .array(Array(repeating: "UpDecoderBlock2D", count: 4)),
  ]
  static let text: JSON = [
    "model_type": "clip_text_model", "architectures": ["CLIPTextModel"], "vocab_size": 49408,
    "hidden_size": 768, "intermediate_size": 3072, "num_attention_heads": 12,
    "num_hidden_layers": 12, "max_position_embeddings": 77, "hidden_act": "quick_gelu",
  ]

  func count(_ model: DiffusionModel, _ component: String) -> Int {
    model.parameters.paths.filter { $0.components.first == Substring(component) }
      .reduce(0) { $0 + (model.parameters[$1]?.count ?? 0) }
  }

  @Test(.enabled(if: isAsked, "set LETHE_SLOW=1")) func sdxlLoadsAndTakesAStep() throws {
    var layout = try Layout(folder: Fixtures.url("tiny-sdxl"))
    layout.configs[.unet] = [
      "_class_name": "UNet2DConditionModel", "sample_size": 128, "cross_attention_dim": 2048,
      "attention_head_dim": [5, 10, 20], "transformer_layers_per_block": [1, 2, 10],
      "block_out_channels": [320, 640, 1280], "layers_per_block": 2, "in_channels": 4,
      "out_channels": 4, "use_linear_projection": true, "addition_embed_type": "text_time",
      "addition_time_embed_dim": 256, "projection_class_embeddings_input_dim": 2816,
      "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
      "up_block_types": ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
    ]
    (layout.configs[.vae], layout.configs[.textEncoder]) = (Self.vae, Self.text)
    layout.configs[.textEncoder2] = [
      "model_type": "clip_text_model", "architectures": ["CLIPTextModelWithProjection"],
      "vocab_size": 49408, "hidden_size": 1280, "intermediate_size": 5120,
      "num_attention_heads": 20, "num_hidden_layers": 32, "max_position_embeddings": 77,
      "hidden_act": "gelu", "projection_dim": 1280,
    ]
    let model = try DiffusionModel(layout, .initial(Generator(seed: 1)))
    // The published parameter counts of SDXL.
    #expect(count(model, "unet") == 2_567_463_684 && count(model, "vae") == 83_653_863)
    #expect(count(model, "text_encoder_2") == 694_659_840)
    let output = withoutGradients {
      model.predict(
        Tensor.randn([1, 4, 32, 32], Generator(seed: 2)), at: Tensor([500] as [Float]),
        given: model.embed(["a fox"]))
    }
    #expect(output.shape == [1, 4, 32, 32] && output.isFinite)
  }

  @Test(.enabled(if: isAsked, "set LETHE_SLOW=1")) func stableDiffusion14LoadsRunsAndSaves() throws
  {
    var layout = try Layout(folder: Fixtures.url("tiny-sd1"))
    layout.configs[.unet] = [
      "_class_name": "UNet2DConditionModel", "sample_size": 64, "cross_attention_dim": 768,
      "attention_head_dim": 8,
      "block_out_channels": [320, 640, 1280, 1280], "layers_per_block": 2, "in_channels": 4,
      "out_channels": 4,
      "down_block_types": [
        "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D",
      ],
      "up_block_types": [
        "UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D",
      ],
    ]
    layout.configs[.vae] = Self.vae
    layout.configs[.textEncoder] = Self.text
    let model = try DiffusionModel(layout, .initial(Generator(seed: 1)))
    // The published parameter counts of SD 1.x.
    #expect(count(model, "unet") == 859_520_964 && count(model, "vae") == 83_653_863)
    #expect(count(model, "text_encoder") == 123_060_480)
    var options = SamplingOptions()
    (options.steps, options.width, options.height) = (1, 256, 256)
    let image = try model.images(["a fox"], seeds: [1], options)[0]
    #expect(image.width == 256 && image.height == 256)
    try Fixtures.temporaryFolder { folder in
      try model.save(to: folder, dtype: .float16)
      let again = try DiffusionModel.load(folder)
      #expect(again.parameters.paths.count == model.parameters.paths.count)
    }
  }
}
