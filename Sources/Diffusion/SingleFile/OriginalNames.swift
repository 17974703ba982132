internal import Foundation

/// Names of modules in Stable Diffusion's first releases ("LDM", "sgm") for those of diffusers.
package struct OriginalNames: Sendable {
  /// Residual blocks a level of the U-Net on the way down.
  let layers: Int
  /// Whether each level on the way up has attention.
  let upAttention: [Bool]
  /// Levels of the autoencoder.
  let codecLevels: Int

  init(layers: Int, upAttention: [Bool], codecLevels: Int) {
    (self.layers, self.upAttention, self.codecLevels) = (layers, upAttention, codecLevels)
  }

  package init(_ layout: Layout) throws {
    let unet = layout.config(.unet)
    layers = try unet.int("layers_per_block", 2)
    upAttention = try unet.strings("up_block_types").map { $0.hasPrefix("CrossAttn") }
    codecLevels = try layout.config(.vae).ints("block_out_channels", [64]).count
  }

  /// `down_blocks.0.attentions.1.proj_in.weight` -> `input_blocks.2.1.proj_in.weight`; nil for a name that the first
  /// releases have none for.
  package func unet(_ name: String) -> String? {
    let parts = name.split(separator: ".").map(String.init)
    func rest(_ n: Int) -> String { parts.dropFirst(n).joined(separator: ".") }
    func number(_ i: Int) -> Int { i < parts.count ? Int(parts[i]) ?? 0 : 0 }
    guard parts.count > 1 else { return nil }
    let block = layers + 1
    switch (parts[0], parts.count > 2 ? parts[2] : "") {
    case ("conv_in", _): return "input_blocks.0.0.\(rest(1))"
    case ("conv_norm_out", _): return "out.0.\(rest(1))"
    case ("conv_out", _): return "out.2.\(rest(1))"
    case ("time_embedding", _), ("add_embedding", _):
      guard parts[1] == "linear_1" || parts[1] == "linear_2" else { return nil }
      let place = parts[0] == "time_embedding" ? "time_embed" : "label_emb.0"
      return "\(place).\(parts[1] == "linear_1" ? 0 : 2).\(rest(2))"
    case ("down_blocks", "resnets"):
      return "input_blocks.\(1 + number(1) * block + number(3)).0.\(Self.resnet(rest(4)))"
    case ("down_blocks", "attentions"):
      return "input_blocks.\(1 + number(1) * block + number(3)).1.\(rest(4))"
    case ("down_blocks", "downsamplers"):
      return "input_blocks.\((number(1) + 1) * block).0.op.\(rest(5))"
    case ("mid_block", _) where parts[1] == "resnets":
      return "middle_block.\(2 * number(2)).\(Self.resnet(rest(3)))"
    case ("mid_block", _) where parts[1] == "attentions": return "middle_block.1.\(rest(3))"
    case ("up_blocks", "resnets"):
      return "output_blocks.\(number(1) * block + number(3)).0.\(Self.resnet(rest(4)))"
    case ("up_blocks", "attentions"):
      return "output_blocks.\(number(1) * block + number(3)).1.\(rest(4))"
    case ("up_blocks", "upsamplers"):
      let i = number(1)
      let place = i < upAttention.count && upAttention[i] ? 2 : 1
      return "output_blocks.\(i * block + layers).\(place).conv.\(rest(5))"
    default: return nil
    }
  }

  private static let resnetNames = [
    "norm1": "in_layers.0", "conv1": "in_layers.2", "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0", "conv2": "out_layers.3", "conv_shortcut": "skip_connection",
  ]

  private static func resnet(_ name: String) -> String { renamed(name, resnetNames) }

  /// A name with its first part replaced.
  private static func renamed(_ name: String, _ table: [String: String]) -> String {
    let parts = name.split(separator: ".", maxSplits: 1).map(String.init)
    guard let first = parts.first else { return name }
    return ([table[first] ?? first] + parts.dropFirst()).joined(separator: ".")
  }

  /// `decoder.up_blocks.0.resnets.1.conv1.weight` -> `decoder.up.3.block.1.conv1.weight`
  func codec(_ name: String) -> String {
    let parts = name.split(separator: ".").map(String.init)
    func rest(_ n: Int) -> String {
      Self.renamed(parts.dropFirst(n).joined(separator: "."), ["conv_shortcut": "nin_shortcut"])
    }
    guard parts.count > 2, parts[0] == "encoder" || parts[0] == "decoder" else { return name }
    let side = parts[0]
    switch parts[1] {
    case "conv_norm_out": return "\(side).norm_out.\(parts[2])"
    case "down_blocks", "up_blocks":
      guard parts.count > 5, let i = UInt8(parts[2]).map(Int.init) else { return name }
      let level = parts[1] == "up_blocks" ? "up.\(codecLevels - 1 - i)" : "down.\(i)"
      switch parts[3] {
      case "resnets": return "\(side).\(level).block.\(parts[4]).\(rest(5))"
      case "upsamplers": return "\(side).\(level).upsample.\(rest(5))"
      default: return "\(side).\(level).downsample.\(rest(5))"
      }
    case "mid_block" where parts.count > 4 && parts[2] == "resnets":
      return "\(side).mid.block_\(1 + Int(UInt8(parts[3]) ?? 0)).\(rest(4))"
    case "mid_block" where parts.count > 4:
      let name = parts.dropFirst(4).joined(separator: ".").replacingOccurrences(
        of: "to_out.0", with: "to_out")
      return "\(side).mid.attn_1."
        + Self.renamed(
          name,
          ["group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out": "proj_out"])
    default: return name
    }
  }
}
