// diffusers `AutoencoderKL` (Kingma & Welling, 2014; Rombach et al., 2022, section 3.1).
package import Torch
package import TorchNN

package final class AutoencoderKL: LatentCodec {
  package let latentChannels: Int
  /// Pixels per latent pixel, in each direction.
  package let factor: Int
  package let scalingFactor: Double

  /// Mean and deviation of each channel of the latents, where the network has them normalised (Playground 2.5).
  private let statistics: (mean: [Float], deviation: [Float])?

  private let encoder: VAEEncoder
  private let decoder: VAEDecoder
  private let quantConv: Conv2d?
  private let postQuantConv: Conv2d?

  private static let mostLevels = 16
  private static let accepted: [String: [JSON]] = [
    "_class_name": ["AutoencoderKL"], "act_fn": ["silu"], "in_channels": [3], "out_channels": [3],
    "shift_factor": [.null],
  ]

  package init(_ s: Scope, _ config: ComponentConfig) throws {
    try config.accept(Self.accepted)
    for (key, type) in [
      ("down_block_types", "DownEncoderBlock2D"), ("up_block_types", "UpDecoderBlock2D"),
    ] where try !config.strings(key).allSatisfy({ $0 == type }) {
      throw config.refusing(key, "\(type)")
    }
    let channels = try config.ints("block_out_channels", [64])
    latentChannels = try config.int("latent_channels", 4)
    guard channels.count <= Self.mostLevels else {
      throw config.refusing("block_out_channels", "at most \(Self.mostLevels) levels")
    }
    factor = 1 << (channels.count - 1)
    scalingFactor = try config.positive("scaling_factor", 0.18215)
    let shape = VAEShape(
      channels: channels, layers: try config.int("layers_per_block", 1),
      groups: try config.int("norm_num_groups", 32), image: try config.int("in_channels", 3),
      latent: latentChannels, attention: try config.bool("mid_block_add_attention", true))
    for width in channels {
      try config.check(shape.groups, divides: width, "norm_num_groups", "channels of a level")
    }
    try s.check(layers: 2 * channels.count * shape.layers, key: "layers_per_block")
    encoder = VAEEncoder(s["encoder"], shape)
    decoder = VAEDecoder(s["decoder"], shape)
    let twice = 2 * latentChannels
    statistics = try Self.statistics(config, latentChannels)
    quantConv =
      try config.bool("use_quant_conv", true)
      ? Conv2d(s["quant_conv"], twice, twice, kernel: 1) : nil
    postQuantConv =
      try config.bool("use_post_quant_conv", true)
      ? Conv2d(s["post_quant_conv"], latentChannels, latentChannels, kernel: 1) : nil
  }

  /// Mean and log variance of q(z | image), unscaled: image [B, 3, H, W] in [-1, 1] -> 2 x [B, z, h, w]
  package func posterior(_ image: Tensor) -> (mean: Tensor, logVariance: Tensor) {
    let h = encoder(image)
    let parts = (quantConv?(h) ?? h).chunks(2, 1)
    return (parts[0], parts[1].clamped(-30, 20))
  }

  private static func statistics(_ config: ComponentConfig, _ channels: Int) throws -> (
    mean: [Float], deviation: [Float]
  )? {
    func numbers(_ key: String) throws -> [Float]? {
      guard let found = config.json[key], found != .null else { return nil }
      let values = found.array?.compactMap { $0.number.map { Float($0) } } ?? []
      guard values.count == channels, values.allSatisfy(\.isFinite) else {
        throw config.refusing(key, "\(channels) numbers")
      }
      return values
    }
    guard let mean = try numbers("latents_mean"), let deviation = try numbers("latents_std") else {
      return nil
    }
    guard deviation.allSatisfy({ $0 > 0 }) else {
      throw config.refusing("latents_std", "numbers above 0")
    }
    return (mean, deviation)
  }

  private func column(_ values: [Float], like z: Tensor) -> Tensor {
    Tensor(values, [1, values.count, 1, 1]).to(z.device, z.dtype)
  }

  package func scaled(_ z: Tensor) -> Tensor {
    guard let statistics else { return z * scalingFactor }
    return (z - column(statistics.mean, like: z)) * scalingFactor
      / column(statistics.deviation, like: z)
  }

  package func unscaled(_ z: Tensor) -> Tensor {
    guard let statistics else { return z / scalingFactor }
    return z * column(statistics.deviation, like: z) / scalingFactor
      + column(statistics.mean, like: z)
  }

  /// Unscaled latents -> image.
  package func reconstruct(_ z: Tensor) -> Tensor { decoder(postQuantConv?(z) ?? z) }
}
