// diffusers `UNet2DConditionModel`, for SD 1.x and SD 2.x.
public import Torch
public import TorchNN

public final class UNet2DCondition: NoisePredictor {
  public let inChannels: Int
  public let sampleSize: Int
  public let contextWidth: Int

  /// Asked for at each step, because which of them are trained changes.
  private let parameters: () -> [Tensor]
  private let timeWidth: Int
  private let flipSinToCos: Bool
  private let freqShift: Double
  private let convIn: Conv2d
  private let timeEmbedding: TimestepEmbedding
  private let down: [UNetDownBlock]
  private let mid: UNetMidBlock
  private let up: [UNetUpBlock]
  private let convNormOut: GroupNorm
  private let convOut: Conv2d

  /// What this class can be configured to; everything else is refused by name.
  private static let accepted: [String: [JSON]] = [
    "_class_name": ["UNet2DConditionModel"], "act_fn": ["silu"], "addition_embed_type": [.null],
    "attention_type": ["default"], "center_input_sample": [false], "class_embed_type": [.null],
    "class_embeddings_concat": [false], "conv_in_kernel": [3], "conv_out_kernel": [3],
    "cross_attention_norm": [.null], "downsample_padding": [1], "dropout": [0],
    "dual_cross_attention": [false], "encoder_hid_dim": [.null], "encoder_hid_dim_type": [.null],
    "mid_block_only_cross_attention": [.null, false], "mid_block_scale_factor": [1],
    "mid_block_type": ["UNetMidBlock2DCrossAttn"], "num_class_embeds": [.null],
    "only_cross_attention": [false], "resnet_out_scale_factor": [1],
    "resnet_skip_time_act": [false],
    "resnet_time_scale_shift": ["default"], "reverse_transformer_layers_per_block": [.null],
    "time_cond_proj_dim": [.null], "time_embedding_act_fn": [.null], "time_embedding_dim": [.null],
    "time_embedding_type": ["positional"], "timestep_post_act": [.null],
  ]

  public init(_ s: Scope, _ config: ComponentConfig) throws {
    try config.accept(Self.accepted)
    let channels = try config.ints("block_out_channels", [320, 640, 1280, 1280])
    let levels = channels.count
    let downTypes = try config.strings("down_block_types")
    let upTypes = try config.strings("up_block_types")
    guard downTypes.count == levels, upTypes.count == levels else {
      throw config.refusing("down_block_types", "one for each of block_out_channels is needed")
    }
    let layers = try config.int("layers_per_block", 2)
    let groups = try config.int("norm_num_groups", 32)
    let eps = try config.number("norm_eps", 1e-5)
    // diffusers calls the number of heads `attention_head_dim` (its issue 2011).
    let heads = try config.perLevel(
      (config.json["num_attention_heads"] ?? .null) == .null
        ? "attention_head_dim" : "num_attention_heads", levels, 8)
    let depth = try config.perLevel("transformer_layers_per_block", levels, 1)
    let linear = try config.bool("use_linear_projection", false)
    inChannels = try config.int("in_channels", 4)
    sampleSize = try config.int("sample_size", 64)
    let context = try config.int("cross_attention_dim", 1280)
    contextWidth = context
    parameters = { s.tensors }
    flipSinToCos = try config.bool("flip_sin_to_cos", true)
    freqShift = try config.number("freq_shift", 0)
    timeWidth = channels[0]
    let time = channels[0] * 4

    convIn = Conv2d(s["conv_in"], inChannels, channels[0], kernel: 3, padding: 1)
    timeEmbedding = TimestepEmbedding(s["time_embedding"], channels[0], time)
    func attention(_ level: Int) -> UNetAttention {
      UNetAttention(
        heads: heads[level], context: context, layers: depth[level], linear: linear)
    }
    var down: [UNetDownBlock] = []
    for (i, type) in downTypes.enumerated() {
      guard ["CrossAttnDownBlock2D", "DownBlock2D"].contains(type) else {
        throw config.refusing("down_block_types", "supported: CrossAttnDownBlock2D, DownBlock2D")
      }
      down.append(
        UNetDownBlock(
          s["down_blocks"][i], in: i == 0 ? channels[0] : channels[i - 1], out: channels[i],
          time: time, layers: layers, groups: groups, eps: eps,
          attention: type == "DownBlock2D" ? nil : attention(i), downsamples: i < levels - 1))
    }
    self.down = down
    mid = UNetMidBlock(
      s["mid_block"], channels[levels - 1], time: time, groups: groups, eps: eps,
      attention: attention(levels - 1))
    var up: [UNetUpBlock] = []
    for (i, type) in upTypes.enumerated() {
      guard ["CrossAttnUpBlock2D", "UpBlock2D"].contains(type) else {
        throw config.refusing("up_block_types", "supported: CrossAttnUpBlock2D, UpBlock2D")
      }
      let level = levels - 1 - i
      up.append(
        UNetUpBlock(
          s["up_blocks"][i], in: channels[max(0, level - 1)], out: channels[level],
          previous: channels[min(levels - 1, level + 1)], time: time, layers: layers + 1,
          groups: groups, eps: eps, attention: type == "UpBlock2D" ? nil : attention(level),
          upsamples: level > 0))
    }
    self.up = up
    convNormOut = GroupNorm(s["conv_norm_out"], groups: groups, channels: channels[0], eps: eps)
    convOut = Conv2d(
      s["conv_out"], channels[0], try config.int("out_channels", 4), kernel: 3, padding: 1)
  }

  /// Whether training computes each block again in the backward pass instead of keeping what is inside.
  public var recomputes = false

  /// x [B, C, H, W], t [B], context [B, M, D] -> [B, C, H, W]
  public func predict(
    _ x: Tensor, at t: Tensor, given c: Conditioning, cache: KeyValueCache? = nil
  ) -> Tensor {
    let parts = parts(PromptContext(cache: cache, shifts: c.shifts))
    guard recomputes, recordsGradients else {
      return parts.reduce([x, t, c.hidden]) { $1($0) }[0]
    }
    let shifts = c.shifts.values.flatMap { [$0.keys, $0.values] }
    return recomputed(
      parts, [x, t, c.hidden], parameters: (parameters() + shifts).filter(\.requiresGradient))
  }

  /// The network as a chain over [h, time, context, skips ...].
  private func parts(_ prompt: PromptContext) -> [Part] {
    let first: Part = { [self] s in
      let time = timeEmbedding(
        sinusoids(s[1], timeWidth, flipSinToCos: flipSinToCos, shift: freqShift)
      ).silu()  // [B, 4 C0]
      let h = convIn(s[0])
      return [h, time, s[2], h]
    }
    let downs = down.map { block -> Part in
      { s in
        var skips = Array(s[3...])
        return [block(s[0], s[1], s[2], prompt, &skips), s[1], s[2]] + skips
      }
    }
    let middle: Part = { [mid] s in [mid(s[0], s[1], s[2], prompt)] + s[1...] }
    let ups = up.map { block -> Part in
      { s in
        var skips = Array(s[3...])
        return [block(s[0], s[1], s[2], prompt, &skips), s[1], s[2]] + skips
      }
    }
    let last: Part = { [self] s in [convOut(convNormOut(s[0]).silu())] }
    return [first] + downs + [middle] + ups + [last]
  }
}
