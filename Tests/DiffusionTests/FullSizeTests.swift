// The full SD 1.4 configuration with random weights. Slow and 5 GB of memory: LETHE_SLOW=1 make test FILTER=FullSize
import Diffusion
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN

@Suite(.serialized) struct FullSizeTests {
  static let isAsked = ProcessInfo.processInfo.environment["LETHE_SLOW"] != nil

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
    layout.configs[.vae] = [
      "_class_name": "AutoencoderKL", "block_out_channels": [128, 256, 512, 512],
      "layers_per_block": 2,
      "latent_channels": 4, "in_channels": 3,
      "down_block_types": .array(Array(repeating: "DownEncoderBlock2D", count: 4)),
      "up_block_types": .array(Array(repeating: "UpDecoderBlock2D", count: 4)),
    ]
    layout.configs[.textEncoder] = [
      "model_type": "clip_text_model", "architectures": ["CLIPTextModel"], "vocab_size": 49408,
      "hidden_size": 768,
      "intermediate_size": 3072, "num_attention_heads": 12, "num_hidden_layers": 12,
      "max_position_embeddings": 77,
      "hidden_act": "quick_gelu",
    ]
    let model = try DiffusionModel(layout, .initial(Generator(seed: 1)))
    func count(_ component: String) -> Int {
      model.parameters.paths.filter { $0.components.first == Substring(component) }
        .reduce(0) { $0 + (model.parameters[$1]?.count ?? 0) }
    }
    // The published parameter counts of SD 1.x.
    #expect(
      count("unet") == 859_520_964 && count("vae") == 83_653_863
        && count("text_encoder") == 123_060_480)
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
