// diffusers `UNet2DConditionModel`, for SD 1.x, SD 2.x and SDXL.
package import Torch
package import TorchNN

package final class UNet2DCondition: NoisePredictor {
  package let inChannels: Int
  package let sampleSize: Int
  package let contextWidth: Int

  /// Read again at each step, because the choice of trained parameters changes.
  private let parameters: () -> [Tensor]
  private let trunk: UNetTrunk
  /// SDXL: the pooled prompt and the picture's sizes join the time.
  private let addition: TextTimeEmbedding?
  /// Width of the embedding of the guidance scale, for networks that were distilled with it; nil for others.
  private let guidanceWidth: Int?
  package var takesGuidance: Bool { guidanceWidth != nil }
  /// Width of the pooled prompt that the network takes; nil where it takes none.
  var pooledWidth: Int? { addition?.pooledWidth }
  /// Pixels of a picture per pixel of its latent, for the sizes in SDXL's conditioning.
  var pixelsPerLatent = 8

  /// The configurations that this class supports; everything else is refused by name.
  private static let accepted: [String: [JSON]] = [
    "_class_name": ["UNet2DConditionModel"], "act_fn": ["silu"],
    "addition_embed_type": [.null, "text_time"], "addition_embed_type_num_heads": [64],
    "attention_type": ["default"], "center_input_sample": [false], "class_embed_type": [.null],
    "class_embeddings_concat": [false], "conv_in_kernel": [3], "conv_out_kernel": [3],
    "cross_attention_norm": [.null], "downsample_padding": [1], "dropout": [0],
    "dual_cross_attention": [false], "encoder_hid_dim": [.null], "encoder_hid_dim_type": [.null],
    "mid_block_only_cross_attention": [.null, false], "mid_block_scale_factor": [1],
    "mid_block_type": ["UNetMidBlock2DCrossAttn", "UNetMidBlock2D", .null],
    "num_class_embeds": [.null],
    "only_cross_attention": [false], "resnet_out_scale_factor": [1],
    "resnet_skip_time_act": [false],
    "resnet_time_scale_shift": ["default"],
    "time_embedding_act_fn": [.null], "time_embedding_dim": [.null],
    "time_embedding_type": ["positional"], "timestep_post_act": [.null],
  ]

  package init(_ s: Scope, _ config: ComponentConfig) throws {
    try config.accept(Self.accepted)
    let channels = try config.ints("block_out_channels", [320, 640, 1280, 1280])
    let levels = channels.count
    let downTypes = try config.strings("down_block_types")
    let upTypes = try config.strings("up_block_types")
    for (key, types) in [("down_block_types", downTypes), ("up_block_types", upTypes)]
    where types.count != levels {
      throw config.refusing(key, "one for each of block_out_channels")
    }
    let layers = try config.int("layers_per_block", 2)
    let groups = try config.int("norm_num_groups", 32)
    try config.checkLevels(channels, groups: groups)
    let eps = try config.positive("norm_eps", 1e-5)
    // diffusers calls the number of heads `attention_head_dim` (its issue 2011).
    let headsKey =
      (config.json["num_attention_heads"] ?? .null) == .null
      ? "attention_head_dim" : "num_attention_heads"
    let heads = try config.perLevel(headsKey, levels, 8)
    let depth = try Self.depths(config, "transformer_layers_per_block", levels)
    let upDepth =
      (config.json["reverse_transformer_layers_per_block"] ?? .null) == .null
      ? Array(depth.reversed())
      : try Self.depths(config, "reverse_transformer_layers_per_block", levels)
    guidanceWidth =
      (config.json["time_cond_proj_dim"] ?? .null) == .null
      ? nil : try config.int("time_cond_proj_dim")
    guard guidanceWidth.map({ $0 >= 4 && $0 % 2 == 0 && $0 <= 65_536 }) != false else {
      throw config.refusing("time_cond_proj_dim", "an even number from 4")
    }
    for (level, width) in channels.enumerated() {
      try config.check(heads[level], divides: width, headsKey, "channels of level \(level)")
    }
    try s.check(layers: levels * layers, key: "layers_per_block")
    for (depths, key) in [
      (depth, "transformer_layers_per_block"), (upDepth, "reverse_transformer_layers_per_block"),
    ] {
      try s.check(layers: layers * depths.reduce(0) { $0 + ($1.max() ?? 0) }, key: key)
    }
    let linear = try config.bool("use_linear_projection", false)
    inChannels = try config.int("in_channels", 4)
    sampleSize = try config.int("sample_size", 64)
    let context = try config.int("cross_attention_dim", 1280)
    contextWidth = context
    guard try config.int("out_channels", 4) == inChannels else {
      let isMore = try inChannels > config.int("out_channels", 4)
      throw config.refusing(
        "out_channels",
        "as many as in_channels, \(inChannels)"
          + (isMore ? "; this is \(ModelKind.of(inChannels: inChannels))" : ""))
    }
    parameters = { s.tensors }
    addition =
      (config.json["addition_embed_type"] ?? .null) == .null
      ? nil
      : TextTimeEmbedding(
        s["add_embedding"], try config.int("projection_class_embeddings_input_dim"),
        each: try config.int("addition_time_embed_dim", 256), width: channels[0] * 4,
        flipSinToCos: try config.bool("flip_sin_to_cos", true),
        shift: try config.number("freq_shift", 0))
    guard addition.map({ $0.pooledWidth > 0 }) ?? true else {
      throw config.refusing(
        "projection_class_embeddings_input_dim",
        "more than 6 times addition_time_embed_dim")
    }
    func attention(_ type: String, _ level: Int, _ key: String, _ plain: String, _ depth: [Int])
      throws -> UNetAttention?
    {
      guard [plain, "CrossAttn\(plain)"].contains(type) else {
        throw config.refusing(key, "CrossAttn\(plain), \(plain)")
      }
      return type == plain ? nil : transformer(level, depth)
    }
    func transformer(_ level: Int, _ depth: [Int]) -> UNetAttention {
      .transformer(heads: heads[level], context: context, layers: depth, linear: linear)
    }
    // tiny-sd has no middle, SSD-1B one residual block.
    let middle: UNetShape.Middle =
      switch config.json["mid_block_type"] {
      case .some(.null): .none
      case .some("UNetMidBlock2D"): .oneBlock
      default: .whole
      }
    trunk = UNetTrunk(
      s,
      UNetShape(
        channels: channels, layers: layers,
        blocks: UNetBlockShape(time: channels[0] * 4, groups: groups, eps: eps),
        inChannels: inChannels, outChannels: try config.int("out_channels", 4),
        down: try downTypes.enumerated().map {
          try attention($1, $0, "down_block_types", "DownBlock2D", depth[$0])
        },
        mid: middle == .whole ? transformer(levels - 1, depth[levels - 1]) : nil,
        middle: middle,
        up: try upTypes.enumerated().map {
          try attention($1, levels - 1 - $0, "up_block_types", "UpBlock2D", upDepth[$0])
        },
        flipSinToCos: try config.bool("flip_sin_to_cos", true),
        freqShift: try config.number("freq_shift", 0), conditionWidth: guidanceWidth))
  }

  /// Blocks of the transformers of each level: a number for all, or for each level a number or a list.
  private static func depths(_ config: ComponentConfig, _ key: String, _ levels: Int) throws
    -> [[Int]]
  {
    guard let list = config.json[key]?.array, list.contains(where: { $0.array != nil }) else {
      return try config.perLevel(key, levels, 1).map { [$0] }
    }
    let depths = list.map { $0.array?.compactMap(\.int) ?? [$0.int].compactMap { $0 } }
    guard depths.count == levels,
      depths.allSatisfy({ !$0.isEmpty && $0.allSatisfy((0...256).contains) })
    else { throw config.refusing(key, "a number or a list of numbers for each level") }
    return depths
  }

  /// Whether the backward pass computes each block again, so that training need not keep the block's activations.
  package var recomputes = false

  /// x [B, C, H, W], t [B], context [B, M, D] -> [B, C, H, W]
  package func predict(
    _ x: Tensor, at t: Tensor, given c: Conditioning, cache: KeyValueCache? = nil
  ) -> Tensor {
    let added = addition.map { embed -> [Tensor] in
      // Original size, upper left corner, target size: the picture's own, not cut.
      let size = [x.size(2), x.size(3)].map {
        Tensor.full([1], Double($0 * pixelsPerLatent), on: x.device)
      }
      let corner = Tensor.zeros([2], on: x.device)
      guard let pooled = c.pooled else {
        preconditionFailure("a network that takes a pooled prompt was given none")
      }
      return [embed(pooled, sizes: Tensor.concatenate(size + [corner] + size))]
    }
    let guidance = guidanceWidth.map { guidanceEmbedding(c.guidance ?? 1, $0, on: x.device) }
    return run(
      trunk.parts(PromptContext(cache: cache, shifts: c.shifts), guidance: guidance),
      [x, t, c.hidden] + (added ?? []),
      parameters: { parameters() + c.shifts.values.flatMap { [$0.keys, $0.values] } })
  }
}
