internal import Foundation
internal import Torch

/// Configurations of a single file: those that Lethe wrote into its header, or else what shapes say and, where they are
/// silent, what every model of the family has.
struct OriginalConfigs {
  private let shapes: [String: [Int]]
  private let family: OriginalFamily
  private let metadata: [String: String]
  private let prediction: String?
  private let file: URL

  /// The header's key with the configurations of a file that Lethe wrote.
  static let key = "lethe.configs"

  init(
    _ shapes: [String: [Int]], _ family: OriginalFamily, _ metadata: [String: String],
    _ prediction: String?, _ file: URL
  ) {
    (self.shapes, self.family, self.metadata) = (shapes, family, metadata)
    (self.prediction, self.file) = (prediction, file)
  }

  /// The configurations in the header of a file that Lethe wrote; nil for a stranger's.
  func written() throws -> JSON? {
    do { return try metadata[Self.key].map { try JSONText.value(Data($0.utf8)) } } catch {
      throw LetheError.malformed(file, "its configurations are no JSON: \(error)")
    }
  }

  func layout() throws -> Layout {
    let written = try written()
    func config(_ component: Layout.Component, _ guess: () throws -> JSON) throws -> JSON {
      try written?[component.rawValue] ?? guess()
    }
    var configs: [Layout.Component: JSON] = [
      .unet: try config(.unet, unet),
      .textEncoder: try config(.textEncoder) { try text(.textEncoder) },
    ]
    // Many checkpoints are published without a VAE.
    if shapes.keys.contains(where: { $0.hasPrefix(OriginalFamily.codec) }) {
      configs[.vae] = try config(.vae, codec)
    }
    if family == .sdxl {
      configs[.textEncoder2] = try config(.textEncoder2) { try text(.textEncoder2) }
    }
    let positions = configs[.textEncoder]?["max_position_embeddings"]?.int ?? 77
    let rows = configs[.textEncoder]?["vocab_size"]?.int ?? 0
    func tokenizer(_ name: String, pad: String) throws -> (CLIPTokenizer, [String: Data]) {
      if let texts = written?[name]?.members?.compactMapValues(\.string) {
        let own = texts.mapValues { Data($0.utf8) }
        return (try CLIPTokenizer(TokenizerFiles(own, in: file), length: positions), own)
      }
      guard rows >= BytePairs.clipSize else {
        throw LetheError.model(
          "\(file.path) has \(rows) rows of words; a single file without a tokenizer needs the \(BytePairs.clipSize) of CLIP"
        )
      }
      return try CLIPTokenizer.clip(length: positions, pad: pad)
    }
    let end = CLIPTokenizer.end
    return Layout(
      configs: configs, scheduler: written?["scheduler"] ?? scheduler(),
      tokenizer: try tokenizer("tokenizer", pad: family == .sd2 ? "!" : end),
      second: try family == .sdxl ? tokenizer("tokenizer_2", pad: "!") : nil)
  }

  // MARK: - By shape

  private func shape(_ name: String) throws -> [Int] {
    guard let found = shapes[name] else {
      throw LetheError.model("\(file.path) has no tensor '\(name)'")
    }
    guard found.count > 1 else {
      throw LetheError.model(
        "\(file.path): '\(name)' has shape \(found); a weight has two dimensions or more")
    }
    return found
  }

  private func count(_ name: (Int) -> String) -> Int {
    var i = 0
    while shapes[name(i)] != nil { i += 1 }
    return i
  }

  private func unet() throws -> JSON {
    let u = OriginalFamily.unet
    let places = (1..<200).filter { shapes["\(u)input_blocks.\($0).0.op.weight"] != nil }
    let block = places.first ?? 3
    let levels = places.count + 1
    let inputs = (0..<levels).map { "\(u)input_blocks.\(1 + $0 * block)" }
    let channels = try inputs.map { try shape("\($0).0.out_layers.3.weight")[0] }
    let depth = inputs.map { input in
      count { "\(input).1.transformer_blocks.\($0).attn2.to_k.weight" }
    }
    let attends = depth.map { $0 > 0 }
    guard let first = attends.firstIndex(of: true) else {
      throw LetheError.model("\(file.path) has no cross-attention")
    }
    let key = "\(inputs[first]).1.transformer_blocks.0.attn2.to_k.weight"
    let context = try shape(key)[1]
    let heads: JSON =
      family == .sd1
      ? 8 : .array(channels.map { .int(max(1, $0 / 64)) })
    func types(_ attends: [Bool], _ name: String) -> JSON {
      .array(attends.map { .string($0 ? "CrossAttn\(name)" : name) })
    }
    var config: JSON = [
      "_class_name": "UNet2DConditionModel", "act_fn": "silu", "in_channels": 4,
      "out_channels": 4, "attention_head_dim": heads,
      "block_out_channels": .array(channels.map(JSON.int)), "cross_attention_dim": .int(context),
      "layers_per_block": .int(block - 1), "norm_num_groups": 32,
      "down_block_types": types(attends, "DownBlock2D"),
      "up_block_types": types(attends.reversed(), "UpBlock2D"),
      "use_linear_projection": .bool(family != .sd1),
      "sample_size": .int(family == .sdxl ? 128 : isVelocity && family == .sd2 ? 96 : 64),
      "flip_sin_to_cos": true, "freq_shift": 0, "downsample_padding": 1,
    ]
    if family == .sdxl {
      let width = try shape("\(u)label_emb.0.0.weight")[1]
      config["transformer_layers_per_block"] = .array(depth.map { .int(max(1, $0)) })
      config["addition_embed_type"] = "text_time"
      config["addition_time_embed_dim"] = 256
      config["projection_class_embeddings_input_dim"] = .int(width)
    }
    return config
  }

  /// The VAE's configuration by its shapes.
  func codec() throws -> JSON {
    let v = OriginalFamily.codec
    let levels = count { "\(v)encoder.down.\($0).block.0.conv1.weight" }
    let channels = try (0..<levels).map {
      try shape("\(v)encoder.down.\($0).block.0.conv1.weight")[0]
    }
    func types(_ name: String) -> JSON { .array(channels.map { _ in .string(name) }) }
    return [
      "_class_name": "AutoencoderKL", "act_fn": "silu", "in_channels": 3, "out_channels": 3,
      "latent_channels": .int(try shape("\(v)decoder.conv_in.weight")[1]),
      "layers_per_block": .int(count { "\(v)encoder.down.0.block.\($0).conv1.weight" }),
      "block_out_channels": .array(channels.map(JSON.int)), "norm_num_groups": 32,
      "down_block_types": types("DownEncoderBlock2D"), "up_block_types": types("UpDecoderBlock2D"),
      "sample_size": family == .sdxl ? 1024 : 512,
      "scaling_factor": family == .sdxl ? 0.13025 : 0.18215, "force_upcast": .bool(family == .sdxl),
    ]
  }

  private func text(_ component: Layout.Component) throws -> JSON {
    let place = family.text(component)
    func name(_ name: String) -> String { place.place("text_model.\(name)").key }
    let words = try shape(name("embeddings.token_embedding.weight"))
    let found = count { name("encoder.layers.\($0).layer_norm1.weight") }
    let isOpen: Bool
    if case .openCLIP = place { isOpen = true } else { isOpen = false }
    var config: JSON = [
      "architectures": ["CLIPTextModel"], "model_type": "clip_text_model",
      "hidden_size": .int(words[1]), "vocab_size": .int(words[0]),
      "intermediate_size": .int(try shape(name("encoder.layers.0.mlp.fc1.weight"))[0]),
      // SD 2.x draws by the layer before the last, which diffusers leaves away.
      "num_hidden_layers": .int(family == .sd2 ? found - 1 : found),
      "num_attention_heads": .int(max(1, words[1] / 64)),
      "max_position_embeddings": .int(try shape(name("embeddings.position_embedding.weight"))[0]),
      "hidden_act": isOpen ? "gelu" : "quick_gelu", "layer_norm_eps": 1e-5,
      "bos_token_id": 0, "eos_token_id": 2, "pad_token_id": 1,
    ]
    if component == .textEncoder2 {
      config["architectures"] = ["CLIPTextModelWithProjection"]
      config["projection_dim"] = .int(
        try shape(place.place("text_projection.weight").key)[1])
    }
    return config
  }

  // MARK: - By marks

  /// Whether the network predicts v: asked for, said by the header, or marked by a tensor. SD 2.x is not marked, and
  /// the published files that predict v are more than the others.
  private var isVelocity: Bool {
    let said =
      prediction ?? metadata["modelspec.prediction_type"] ?? metadata["modelspec.predict_key"]
    if let said { return said.hasPrefix("v") }
    return shapes["v_pred"] != nil || (family == .sd2 && !marksEpsilon)
  }

  private var marksEpsilon: Bool { metadata["modelspec.architecture"]?.hasSuffix("v2-512") == true }

  func scheduler() -> JSON {
    var config: JSON = [
      "_class_name": family == .sdxl ? "EulerDiscreteScheduler" : "PNDMScheduler",
      "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear",
      "num_train_timesteps": 1000, "steps_offset": 1, "timestep_spacing": "leading",
      "prediction_type": isVelocity ? "v_prediction" : "epsilon",
    ]
    if family == .sdxl {
      config["rescale_betas_zero_snr"] = .bool(shapes["ztsnr"] != nil)
    } else {
      config["skip_prk_steps"] = true
    }
    config["set_alpha_to_one"] = false
    config["clip_sample"] = false
    return config
  }
}
