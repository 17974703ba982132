internal import Torch
internal import TorchNN

/// The configuration of a U-Net, level by level.
struct UNetShape {
  var channels: [Int]
  var layers: Int
  var blocks: UNetBlockShape
  var inChannels: Int
  var outChannels: Int
  /// The attention of each level on the way down and up, and in the middle.
  var down: [UNetAttention?]
  var mid: UNetAttention?
  var middle = Middle.whole
  var up: [UNetAttention?]
  /// Downsampling pads right and bottom only.
  var padsAfter = false
  var flipSinToCos: Bool
  var freqShift: Double
  /// Width of an embedding that joins the sinusoids, for networks that are told the guidance; nil for others.
  var conditionWidth: Int?

  /// The block between the way down and the way up.
  enum Middle { case whole, oneBlock, none }
}

/// The network that `UNet2DConditionModel` and `UNet2DModel` have in common: down, middle, up with skips,
/// with the time embedding in every residual block.
struct UNetTrunk {
  private let shape: UNetShape
  private let convIn: Conv2d
  private let timeEmbedding: TimestepEmbedding
  private let down: [UNetDownBlock]
  private let mid: UNetMidBlock?
  private let up: [UNetUpBlock]
  private let convNormOut: GroupNorm
  private let convOut: Conv2d

  init(_ s: Scope, _ shape: UNetShape) {
    let channels = shape.channels
    let levels = channels.count
    convIn = Conv2d(s["conv_in"], shape.inChannels, channels[0], kernel: 3, padding: 1)
    timeEmbedding = TimestepEmbedding(
      s["time_embedding"], channels[0], channels[0] * 4, condition: shape.conditionWidth)
    down = channels.indices.map { i in
      UNetDownBlock(
        s["down_blocks"][i], in: channels[max(0, i - 1)], out: channels[i], layers: shape.layers,
        shape.blocks, attention: shape.down[i], downsamples: i < levels - 1,
        padsAfter: shape.padsAfter)
    }
    mid =
      shape.middle == .none
      ? nil
      : UNetMidBlock(
        s["mid_block"], channels[levels - 1], shape.blocks, attention: shape.mid,
        isOneBlock: shape.middle == .oneBlock)
    up = channels.indices.map { i in
      let level = levels - 1 - i
      return UNetUpBlock(
        s["up_blocks"][i], in: channels[max(0, level - 1)], out: channels[level],
        previous: channels[min(levels - 1, level + 1)], layers: shape.layers + 1, shape.blocks,
        attention: shape.up[i], upsamples: level > 0)
    }
    convNormOut = GroupNorm(
      s["conv_norm_out"], groups: shape.blocks.groups, channels: channels[0], eps: shape.blocks.eps)
    convOut = Conv2d(s["conv_out"], channels[0], shape.outChannels, kernel: 3, padding: 1)
    self.shape = shape
  }

  /// The network as a chain over [h, time, context, skips ...], from [x, t, context] or [x, t, context, what is
  /// added to the time embedding].
  /// - Parameters:
  ///   - guidance: the embedding of the guidance scale [1, W], for networks that are told it
  ///   - condition: the function that gives the time embedding [B, 4 C0] under a context
  func parts(
    _ prompt: PromptContext, guidance: Tensor? = nil,
    condition: @escaping (Tensor, Tensor) -> Tensor = { time, _ in time }
  ) -> [ChainStage] {
    let first: ChainStage = { [self] s in
      let time = timeEmbedding(
        sinusoids(
          s[1], shape.channels[0], flipSinToCos: shape.flipSinToCos, shift: shape.freqShift
        ).to(s[0].dtype),
        guidance?.to(s[0].dtype))
      let h = convIn(s[0])
      let told = condition(time, s[2])
      return [h, (s.count > 3 ? told + s[3] : told).silu(), s[2], h]
    }
    let downs = down.map { block -> ChainStage in
      { s in
        var skips = Array(s[3...])
        return [block(s[0], s[1], s[2], prompt, &skips), s[1], s[2]] + skips
      }
    }
    let middle: ChainStage = { [mid] s in [mid?(s[0], s[1], s[2], prompt) ?? s[0]] + s[1...] }
    let ups = up.map { block -> ChainStage in
      { s in
        var skips = Array(s[3...])
        return [block(s[0], s[1], s[2], prompt, &skips), s[1], s[2]] + skips
      }
    }
    let last: ChainStage = { [self] s in [convOut(convNormOut(s[0]).silu())] }
    return [first] + downs + [middle] + ups + [last]
  }
}
