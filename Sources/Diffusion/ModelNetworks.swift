internal import Torch
internal import TorchNN

/// The networks of a pipeline over one store of parameters.
struct ModelNetworks {
  private(set) var predictor: any NoisePredictor
  private(set) var conditioner: any PromptConditioner
  /// Nil for a checkpoint that was published without a VAE.
  private(set) var codec: (any LatentCodec)?

  /// Pixels per latent pixel of all Stable Diffusions, for a checkpoint without a VAE.
  private static let usualFactor = 8

  /// Pixels of a picture per pixel of its latent.
  var pixelsPerLatent: Int { codec?.factor ?? Self.usualFactor }

  init(_ layout: Layout, _ store: ParameterStore, on device: Device) throws {
    switch layout.pipeline {
    case .stableDiffusion(let tokenizer):
      let network = try UNet2DCondition(store.root["unet"], layout.config(.unet))
      let text = try CLIPText(store.root["text_encoder"], layout.config(.textEncoder))
      guard network.pooledWidth == nil else {
        throw LetheError.model(
          "the U-Net takes a pooled prompt (addition_embed_type), which \(layout.name) has not")
      }
      guard text.width == network.contextWidth else {
        throw LetheError.model(
          "the text encoder gives vectors of \(text.width), the U-Net takes \(network.contextWidth)"
        )
      }
      codec = try Self.vae(store, layout, beside: network)
      (predictor, conditioner) = (network, try TextConditioner(tokenizer, text, device))
    case .stableDiffusionXL(let tokenizer, let second):
      let network = try UNet2DCondition(store.root["unet"], layout.config(.unet))
      let texts = try TwoTextConditioner(
        tokenizer, CLIPText(store.root["text_encoder"], layout.config(.textEncoder)), second,
        CLIPText(store.root["text_encoder_2"], layout.config(.textEncoder2)),
        zeroesEmpty: layout.index["force_zeros_for_empty_prompt"]?.bool ?? true, device)
      guard texts.width == network.contextWidth else {
        throw LetheError.model(
          "the text encoders give vectors of \(texts.width), the U-Net takes \(network.contextWidth)"
        )
      }
      guard let taken = network.pooledWidth, taken == texts.pooledWidth else {
        throw LetheError.model(
          "the second text encoder gives a pooled prompt of \(texts.pooledWidth), the U-Net takes "
            + (network.pooledWidth.map { "\($0)" } ?? "none"))
      }
      codec = try Self.vae(store, layout, beside: network)
      network.pixelsPerLatent = codec?.factor ?? Self.usualFactor
      (predictor, conditioner) = (network, texts)
    case .pixels(let classes):
      let network = try UNet2D(store.root["unet"], layout.config(.unet))
      codec = try IdentityCodec(channels: network.inChannels, layout.config(.unet))
      (predictor, conditioner) = (
        network, try ClassConditioner(classes, rows: network.classes, device)
      )
    }
  }

  /// The VAE; nil for a checkpoint without one.
  /// - Throws: ``LetheError`` for a network that takes more than noise, with what it is
  private static func vae(
    _ store: ParameterStore, _ layout: Layout, beside network: UNet2DCondition
  ) throws -> AutoencoderKL? {
    guard layout.configs[.vae] != nil else { return nil }
    let vae = try AutoencoderKL(store.root["vae"], layout.config(.vae))
    guard network.inChannels == vae.latentChannels else {
      throw LetheError.unsupported(
        "a U-Net that takes \(network.inChannels) channels beside latents of \(vae.latentChannels): "
          + ModelKind.of(inChannels: network.inChannels))
    }
    return vae
  }

  /// Lets each network leave the device while it is not used.
  /// - Parameter dtype: the type that the layers see; nil for that at rest
  mutating func rest(in offload: Offload, _ store: ParameterStore, as dtype: DType?) {
    func tensors(_ parts: Layout.Component...) -> OffloadedComponent? {
      offload.component(
        parts[0].rawValue, parts.flatMap { store.root[$0.rawValue].tensors },
        as: dtype)
    }
    if let own = tensors(.unet) {
      predictor = OffloadedPredictor(Offloaded(predictor, offload, own))
    }
    if let own = tensors(.textEncoder, .textEncoder2) {
      conditioner = OffloadedConditioner(base: Offloaded(conditioner, offload, own))
    }
    if let base = codec, let own = tensors(.vae) {
      codec = OffloadedCodec(base: Offloaded(base, offload, own))
    }
  }

  /// Lets the networks compute in half precision. A VAE whose file has float32 stays in it.
  mutating func compute(in type: ComputeType, _ store: ParameterStore) {
    let vae = store[ParameterPath("vae.decoder.conv_in.weight")]?.dtype ?? .float32
    predictor = HalfPredictor(predictor, type.dtype)
    conditioner = HalfConditioner(base: conditioner, dtype: type.dtype)
    codec = codec.map { vae == .float32 ? $0 : HalfCodec(base: $0, dtype: vae) }
  }
}
