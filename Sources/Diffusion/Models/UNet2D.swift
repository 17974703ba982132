// diffusers `UNet2DModel`, the U-Net of DDPM (Ho et al., 2020, appendix B), with classes or without.
package import Torch
package import TorchNN

/// With `class_embed_type` null a class is a row of a table that is added to the time embedding, as in
/// diffusers. `mlp` with `class_embeddings_concat` is the network of the unlearning literature on CIFAR-10
/// (Selective Amnesia, SalUn, EraseDiff): a row of width `block_out_channels[0]` goes through two layers of its
/// own and stands beside the time embedding. 38,632,323 parameters for CIFAR-10, 83,159,683 for STL-10.
package final class UNet2D: NoisePredictor {
  package let inChannels: Int
  package let sampleSize: Int
  /// Rows of the table of classes; 0 without one.
  package let classes: Int
  package let dropout: Dropout?
  package var recomputes = false

  private let parameters: () -> [Tensor]
  private let trunk: UNetTrunk
  private let table: Embedding?
  private let classEmbedding: TimestepEmbedding?

  /// The configurations that this class supports; everything else is refused by name.
  private static let accepted: [String: [JSON]] = [
    "_class_name": ["UNet2DModel"], "act_fn": ["silu"], "attn_norm_num_groups": [.null],
    "center_input_sample": [false], "class_embed_type": [.null, "mlp"],
    "downsample_type": ["conv"], "mid_block_scale_factor": [1],
    "mid_block_type": ["UNetMidBlock2D"], "num_train_timesteps": [.null],
    "resnet_time_scale_shift": ["default"], "time_embedding_dim": [.null],
    "time_embedding_type": ["positional"], "upsample_type": ["conv"],
  ]

  package init(_ s: Scope, _ config: ComponentConfig) throws {
    try config.accept(Self.accepted)
    let channels = try config.ints("block_out_channels", [224, 448, 672, 896])
    let downTypes = try config.strings("down_block_types")
    let upTypes = try config.strings("up_block_types")
    for (key, types) in [("down_block_types", downTypes), ("up_block_types", upTypes)]
    where types.count != channels.count {
      throw config.refusing(key, "one for each of block_out_channels")
    }
    let padding = try config.int("downsample_padding", 1)
    guard [0, 1].contains(padding) else {
      throw config.refusing("downsample_padding", "0, 1")
    }
    let eps = try config.positive("norm_eps", 1e-5)
    let isSingle = config.json["attention_head_dim"] == .null
    let pixels = UNetAttention.pixels(
      width: isSingle ? nil : try config.int("attention_head_dim", 8), eps: eps)
    func attention(_ type: String, _ key: String, _ plain: String) throws -> UNetAttention? {
      guard [plain, "Attn\(plain)"].contains(type) else {
        throw config.refusing(key, "Attn\(plain), \(plain)")
      }
      return type == plain ? nil : pixels
    }
    inChannels = try config.int("in_channels", 3)
    guard try config.int("out_channels", 3) == inChannels else {
      throw config.refusing("out_channels", "as many as in_channels, \(inChannels)")
    }
    let groups = try config.int("norm_num_groups", 32)
    try config.checkLevels(channels, groups: groups)
    if !isSingle {
      let width = try config.int("attention_head_dim", 8)
      let used = zip(downTypes + upTypes, channels + channels.reversed())
        .filter { $0.0.hasPrefix("Attn") }.map(\.1)
      for whole in used + [channels[channels.count - 1]] {
        try config.check(width, divides: whole, "attention_head_dim", "channels of a level")
      }
    }
    let layers = try config.int("layers_per_block", 2)
    try s.check(layers: 2 * channels.count * layers, key: "layers_per_block")
    sampleSize = try config.int("sample_size")
    guard padding == 1 || sampleSize >> (channels.count - 1) > 0 else {
      throw config.refusing("sample_size", "a pixel for each level")
    }
    classes = try config.int("num_class_embeds", 0)
    let ownLayers = classes > 0 && config.json["class_embed_type"]?.string == "mlp"
    guard try config.bool("class_embeddings_concat", false) == ownLayers else {
      throw config.refusing(
        "class_embeddings_concat", "true with class_embed_type 'mlp', else false")
    }
    let share = try config.number("dropout", 0)
    dropout = share > 0 ? Dropout(share) : nil
    parameters = { s.tensors }
    let time = channels[0] * 4
    trunk = UNetTrunk(
      s,
      UNetShape(
        channels: channels, layers: layers,
        blocks: UNetBlockShape(
          time: ownLayers ? 2 * time : time, groups: groups,
          eps: eps, dropout: dropout),
        inChannels: inChannels, outChannels: try config.int("out_channels", 3),
        down: try downTypes.map { try attention($0, "down_block_types", "DownBlock2D") },
        mid: try config.bool("add_attention", true) ? pixels : nil,
        up: try upTypes.map { try attention($0, "up_block_types", "UpBlock2D") },
        padsAfter: padding == 0, flipSinToCos: try config.bool("flip_sin_to_cos", true),
        freqShift: try config.number("freq_shift", 0)))
    table =
      classes > 0
      ? Embedding(
        s[ownLayers ? "class_table" : "class_embedding"], classes, ownLayers ? channels[0] : time,
        deviation: 1) : nil
    classEmbedding =
      ownLayers ? TimestepEmbedding(s["class_embedding"], channels[0], time) : nil
  }

  /// x [B, C, H, W], t [B], classes [B, 1] -> [B, C, H, W]
  package func predict(
    _ x: Tensor, at t: Tensor, given c: Conditioning, cache: KeyValueCache? = nil
  ) -> Tensor {
    let parts = trunk.parts(PromptContext(cache: nil, shifts: [:])) { [self] time, labels in
      guard let table else { return time }
      let row = table(labels.flattened())  // [B, 4 C0], or [B, C0] for layers of its own
      return classEmbedding.map { Tensor.concatenate([time, $0(row)], 1) } ?? time + row
    }
    return run(parts, [x, t, c.hidden], parameters: parameters)
  }
}
