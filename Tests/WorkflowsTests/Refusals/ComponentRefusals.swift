// Keys of the components' configurations.
import Diffusion
import Foundation
import TestSupport
import Torch
import TorchNN

@testable import Workbench
@testable import Workflows

extension Refusal {
  private typealias Build = (Scope, ComponentConfig) throws -> Void

  /// Values of keys in a fixture's configuration, each refused while the component's layers are put together.
  private static func component(
    _ file: String, of fixture: String = "tiny-sd1", _ values: [(String, JSON)],
    _ build: @escaping Build
  ) -> [Refusal] {
    let name = String(file.split(separator: "/")[0])
    let part = fixture == "tiny-sd1" ? file : "\(fixture)/\(file)"
    return values.map { key, value in
      Refusal(title(part, key, value)) { _ in
        var json = try JSON(contentsOf: Fixtures.url(fixture).appendingPathComponent(file))
        json[key] = value
        try build(ParameterStore(.names).root, ComponentConfig(name, json))
      }
    }
  }

  /// Values that one configuration alone accepts.
  private static func fixed(_ keys: String) -> [(String, JSON)] {
    keys.split(separator: " ").map { (String($0), "another") }
  }

  static var components: [Refusal] { unet + pixelUNet + textEncoders + codec + weights }

  private static var unet: [Refusal] {
    let keys: [(String, JSON)] = [
      ("attention_head_dim", 0), ("attention_head_dim", 7), ("num_attention_heads", 3),
      ("block_out_channels", [-8, 16]), ("block_out_channels", [2, 16]), ("layers_per_block", 65),
      ("norm_num_groups", 7), ("sample_size", 0), ("cross_attention_dim", .int(1 << 62)),
      ("in_channels", -1), ("out_channels", 8), ("transformer_layers_per_block", .int(1 << 33)),
      ("transformer_layers_per_block", [[1, 300], 1]),
      ("reverse_transformer_layers_per_block", [1, 2, 3]),
      ("reverse_transformer_layers_per_block", 1_048_576), ("norm_eps", 0),
      ("freq_shift", 1e300), ("flip_sin_to_cos", "yes"), ("use_linear_projection", 1),
      ("time_cond_proj_dim", 3), ("down_block_types", ["CrossAttnDownBlock2D"]),
      ("down_block_types", ["KDownBlock2D", "DownBlock2D"]),
      ("up_block_types", ["UpBlock2D", "KUpBlock2D"]),
    ]
    let always = fixed(
      """
      _class_name act_fn addition_embed_type addition_embed_type_num_heads attention_type center_input_sample \
      class_embed_type class_embeddings_concat conv_in_kernel conv_out_kernel cross_attention_norm \
      downsample_padding dropout dual_cross_attention encoder_hid_dim encoder_hid_dim_type \
      mid_block_only_cross_attention mid_block_scale_factor mid_block_type num_class_embeds \
      only_cross_attention resnet_out_scale_factor resnet_skip_time_act resnet_time_scale_shift \
      time_embedding_act_fn time_embedding_dim time_embedding_type timestep_post_act
      """)
    let addition: [(String, JSON)] = [
      ("projection_class_embeddings_input_dim", 40), ("addition_time_embed_dim", 1),
    ]
    return component("unet/config.json", keys + always) { _ = try UNet2DCondition($0, $1) }
      + component("unet/config.json", of: "tiny-sdxl", addition) {
        _ = try UNet2DCondition($0, $1)
      }
  }

  private static var pixelUNet: [Refusal] {
    let keys: [(String, JSON)] = [
      ("attention_head_dim", 3), ("block_out_channels", []), ("layers_per_block", 0),
      ("norm_num_groups", 3), ("sample_size", 0), ("in_channels", 0), ("out_channels", 6),
      ("norm_eps", -1), ("freq_shift", 2), ("flip_sin_to_cos", 1), ("dropout", 2),
      ("downsample_padding", 2), ("add_attention", "no"), ("num_class_embeds", .int(1 << 31)),
      ("class_embeddings_concat", true), ("down_block_types", "DownBlock2D"),
      ("down_block_types", ["DownBlock2D", "SkipDownBlock2D"]),
      ("up_block_types", ["AttnUpBlock2D"]),
    ]
    let always = fixed(
      """
      _class_name act_fn attn_norm_num_groups center_input_sample class_embed_type downsample_type \
      mid_block_scale_factor mid_block_type num_train_timesteps resnet_time_scale_shift \
      time_embedding_dim time_embedding_type upsample_type
      """)
    return component("unet/config.json", of: "tiny-ddpm", keys + always) { _ = try UNet2D($0, $1) }
      + [
        Refusal("tiny-ddpm/unet/config.json in_channels=2, of pixels") { place in
          let folder = try place.fixture("tiny-ddpm")
          for key in ["in_channels", "out_channels"] {
            try place.set(folder.appendingPathComponent("unet/config.json"), key, 2)
          }
          _ = try DiffusionModel.load(folder)
        }
      ]
  }

  private static var textEncoders: [Refusal] {
    let keys: [(String, JSON)] = [
      ("num_attention_heads", 7), ("hidden_size", -1), ("intermediate_size", 0),
      ("num_hidden_layers", 1025), ("vocab_size", .int(1 << 62)), ("max_position_embeddings", 0),
      ("eos_token_id", -1), ("layer_norm_eps", -1), ("hidden_act", "sine"),
      ("architectures", ["T5EncoderModel"]),
    ]
    return component(
      "text_encoder/config.json", keys + fixed("model_type attention_dropout dropout")
    ) { _ = try CLIPText($0, $1) }
      + component("text_encoder_2/config.json", of: "tiny-sdxl", [("projection_dim", 0)]) {
        _ = try CLIPText($0, $1)
      }
  }

  private static var codec: [Refusal] {
    let keys: [(String, JSON)] = [
      ("block_out_channels", []), ("block_out_channels", .array(Array(repeating: 8, count: 17))),
      ("latent_channels", .int(1 << 62)), ("layers_per_block", -2), ("scaling_factor", 0),
      ("norm_num_groups", 0), ("norm_num_groups", 3), ("mid_block_add_attention", "no"),
      ("latents_mean", [1]), ("use_quant_conv", 0), ("use_post_quant_conv", 0),
      ("down_block_types", ["DownBlock2D"]), ("up_block_types", ["UpBlock2D"]),
    ]
    let both: [(String, JSON)] = [("latents_std", [1, 1, 1, 0])]
    return component(
      "vae/config.json",
      keys + fixed("_class_name act_fn in_channels out_channels shift_factor")
    ) { _ = try AutoencoderKL($0, $1) }
      + component("vae/config.json", both) { scope, config in
        var json = config.json
        json["latents_mean"] = [0, 0, 0, 0]
        _ = try AutoencoderKL(scope, ComponentConfig("vae", json))
      }
  }

  /// Configurations that the weights beside them do not fit, and parts that do not fit each other.
  private static var weights: [Refusal] {
    func model(_ file: String, _ key: String, _ value: JSON) -> Refusal {
      Refusal(title(file, key, value)) {
        try $0.set($0.model.file(file), key, value)
        _ = try $0.model.model()
      }
    }
    return [
      model("model_index.json", "_class_name", "FluxPipeline"),
      model("model_index.json", "unet", ["diffusers", "UNet3DConditionModel"]),
      model("model_index.json", "vae", ["diffusers", "AutoencoderTiny"]),
      model("model_index.json", "text_encoder", ["transformers", "T5EncoderModel"]),
      model("model_index.json", "tokenizer", ["transformers", "T5Tokenizer"]),
      model("unet/config.json", "layers_per_block", 60),
      model("unet/config.json", "transformer_layers_per_block", 256),
      model("text_encoder/config.json", "num_hidden_layers", 1000),
      model("vae/config.json", "layers_per_block", 64),
      model("vae/config.json", "latent_channels", 3),
      model("tokenizer/vocab.json", "fox</w>", 1_000_000),
      Refusal("model without a folder") {
        _ = try DiffusionModel.load($0.url("nowhere"))
      },
      Refusal("model without model_index.json") {
        _ = try DiffusionModel.load($0.write("", "empty/x").deletingLastPathComponent())
      },
      Refusal("model without weights") {
        try FileManager.default.removeItem(
          at: $0.model.file("unet/diffusion_pytorch_model.safetensors"))
        _ = try $0.model.model()
      },
      Refusal("model with a pickle") {
        let weights = try $0.model.file("unet/diffusion_pytorch_model.safetensors")
        try FileManager.default.moveItem(
          at: weights, to: weights.deletingPathExtension().appendingPathExtension("bin"))
        _ = try $0.model.model()
      },
      Refusal("classes.json of one name twice") {
        let folder = try $0.fixture("tiny-ddpm")
        try $0.write("[\"cat\", \"cat\"]", "tiny-ddpm/classes.json")
        _ = try DiffusionModel.load(folder)
      },
    ]
  }
}
