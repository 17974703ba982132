// Numbers of configuration files that ended the program, or took its memory, before they had bounds.
import Foundation
import TestSupport
import Testing
import Torch

@testable import Diffusion

@Suite struct HostileConfigTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var file: String
    var key: String
    var value: JSON
    var model = "tiny-sd1"
    var testDescription: String { "\(file) \(key) \(value.compact)" }
  }

  private static func of(
    _ file: String, _ values: [(String, JSON)], model: String = "tiny-sd1"
  ) -> [Case] {
    values.map { Case(file: file, key: $0.0, value: $0.1, model: model) }
  }

  private static let unet: [(String, JSON)] = [
    ("attention_head_dim", 0), ("attention_head_dim", 7), ("block_out_channels", [-8, 16]),
    ("block_out_channels", [2_305_843_009_213_693_952, 23]), ("block_out_channels", []),
    ("block_out_channels", [8, "16"]), ("layers_per_block", -1),
    ("norm_num_groups", 0), ("norm_num_groups", 7), ("sample_size", -1), ("sample_size", 0),
    ("cross_attention_dim", .int(1 << 62)), ("in_channels", -1), ("in_channels", .int(1 << 62)),
    ("transformer_layers_per_block", -1), ("transformer_layers_per_block", .int(1 << 33)),
    ("transformer_layers_per_block", 256), ("reverse_transformer_layers_per_block", 256),
    ("reverse_transformer_layers_per_block", 1_048_576),
    ("reverse_transformer_layers_per_block", .int(.min)), ("norm_eps", 0), ("freq_shift", 1e300),
    ("out_channels", 8), ("layers_per_block", 1.5), ("layers_per_block", "2"),
  ]
  private static let text: [(String, JSON)] = [
    ("num_attention_heads", 0), ("num_attention_heads", 7), ("hidden_size", -1),
    ("num_hidden_layers", -1), ("num_hidden_layers", .int(1 << 33)), ("num_hidden_layers", 1000),
    ("vocab_size", .int(1 << 62)), ("max_position_embeddings", 0), ("intermediate_size", 0),
    ("eos_token_id", -1), ("layer_norm_eps", -1),
  ]
  private static let vae: [(String, JSON)] = [
    ("block_out_channels", []), ("norm_num_groups", 0), ("latent_channels", .int(1 << 62)),
    ("layers_per_block", -2), ("scaling_factor", 0), ("in_channels", 4), ("latent_channels", 3),
  ]
  private static let scheduler: [(String, JSON)] = [
    ("num_train_timesteps", -1), ("num_train_timesteps", .int(1 << 62)), ("steps_offset", -1),
    ("steps_offset", .int(.max)), ("steps_offset", 1000), ("beta_end", 2), ("beta_start", 0),
    ("beta_end", 0.999999),
  ]
  private static let settings: [(String, JSON)] = [
    ("model_max_length", 1), ("model_max_length", -1), ("model_max_length", "77"),
  ]
  private static let vocabulary: [(String, JSON)] = [
    ("fox</w>", 1_000_000), ("<|endoftext|>", 554), ("fox</w>", -1), ("fox</w>", 0.5),
  ]
  private static let classes: [(String, JSON)] = [
    ("num_class_embeds", .int(1 << 31)), ("attention_head_dim", 3), ("sample_size", 0),
    ("norm_num_groups", 3), ("out_channels", 6),
  ]

  static let cases: [Case] = [
    of("unet/config.json", unet), of("text_encoder/config.json", text),
    of("vae/config.json", vae), of("scheduler/scheduler_config.json", scheduler),
    of("tokenizer/tokenizer_config.json", settings), of("tokenizer/vocab.json", vocabulary),
    of("unet/config.json", classes, model: "tiny-ddpm"),
  ].flatMap { $0 }

  @Test(arguments: cases) func aNumberOutOfBoundsIsRefusedByName(_ hostile: Case) throws {
    try Fixtures.temporaryFolder { folder in
      let model = folder.appendingPathComponent("model")
      try FileManager.default.copyItem(at: Fixtures.url(hostile.model), to: model)
      if hostile.model == "tiny-ddpm" {
        try FileManager.default.removeItem(at: model.appendingPathComponent("classes.json"))
      }
      let file = model.appendingPathComponent(hostile.file)
      var config = try JSON(contentsOf: file)
      config[hostile.key] = hostile.value
      try Data(config.pretty.utf8).write(to: file)
      let error = #expect(throws: LetheError.self) { try DiffusionModel.load(model) }
      #expect(error?.kind == .model)
      // Ids and channels are refused by what does not fit them.
      let isFit =
        hostile.file.hasSuffix("vocab.json")
        || (hostile.value == 3 && hostile.key == "latent_channels")
      #expect(isFit || error?.sentence.contains(hostile.key) == true, "\(error?.sentence ?? "")")
    }
  }

  @Test func transformersWritesAMaximumWithoutEnd() throws {
    try Fixtures.temporaryFolder { folder in
      let model = folder.appendingPathComponent("model")
      try FileManager.default.copyItem(at: Fixtures.url("tiny-sd1"), to: model)
      let file = model.appendingPathComponent("tokenizer/tokenizer_config.json")
      var config = try JSON(contentsOf: file)
      config["model_max_length"] = .number(1e30)
      try Data(config.pretty.utf8).write(to: file)
      #expect(try DiffusionModel.load(model).tokenizer(for: "test").length == 77)
    }
  }

  @Test func wholeNumbersAreNoWeights() throws {
    try Fixtures.temporaryFolder { folder in
      let model = folder.appendingPathComponent("model")
      try FileManager.default.copyItem(at: Fixtures.url("tiny-sd1"), to: model)
      let file = model.appendingPathComponent("vae/diffusion_pytorch_model.safetensors")
      var tensors = try SafeTensors.load(file).mapValues { $0.cloned() }
      tensors["quant_conv.bias"] = tensors["quant_conv.bias"]?.to(.int64)
      try SafeTensors.write(tensors, to: file)
      let error = #expect(throws: LetheError.self) { try DiffusionModel.load(model) }
      #expect(
        error?.sentence.contains(
          "'vae.quant_conv.bias' holds int64 numbers; accepted: floating-point ones") == true)
    }
  }

  /// Networks compute in 32 bits, in which a larger number would be infinite.
  @Test(arguments: ["clip_sample_range", "sample_max_value"])
  func numbersBeyondFloat(_ key: String) throws {
    let thresholds = JSON.bool(key == "sample_max_value")
    let json: JSON = ["clip_sample": true, "thresholding": thresholds, key: 1e308]
    #expect { try Clipping(ComponentConfig("scheduler", json), clips: true) } throws: {
      "\($0)".contains(key) && "\($0)".contains("32 bits")
    }
  }
}
