internal import Processes
public import Torch
public import TorchNN

/// A diffusion model: noise predictor, conditioner, latent codec and schedule over one store of parameters
/// whose paths are diffusers' names. Text-to-image (Stable Diffusion) or over pixels (DDPM, with classes or
/// without); methods mention neither.
public final class DiffusionModel {
  let store: ParameterStore
  /// Nil where every component stays on the device, in the type that it computes in.
  package let offload: Offload?
  package let unet: any NoisePredictor
  package let conditioner: any PromptConditioner
  /// Nil for a checkpoint that was published without a VAE.
  private let ownCodec: (any LatentCodec)?
  /// Pixels of a picture per pixel of its latent, in each direction.
  public let pixelsPerLatent: Int
  /// The noise schedule that the model was trained with.
  public let schedule: NoiseSchedule
  package let layout: Layout
  /// The device of the weights.
  public let device: Device
  /// The type that the networks compute in.
  public let computeType: ComputeType
  /// The model in another type, once it has drawn in it.
  var drawer: DiffusionModel?
  /// The model that a copy in half precision was made of.
  var source: DiffusionModel?
  /// The model with the numbers that its file has: itself, but for a copy in half precision.
  package var exact: DiffusionModel { source ?? self }
  /// Noisy pictures that ``predict(_:at:given:cache:)`` was asked about so far.
  package internal(set) var evaluations = 0

  /// - Parameters:
  ///   - type: the type that the networks compute in, which the tensors of `source` have
  ///   - offload: nil keeps every component on the device
  package init(
    _ layout: Layout, _ source: ParameterStore.Source, on device: Device = .cpu,
    computing type: ComputeType = .float32, offload: Offload? = nil
  ) throws {
    // A model that is drawn with has the types of its networks already.
    let rests = type == .float32 && offload?.keepsType == true
    let store = ParameterStore(
      source, on: offload == nil ? device : .cpu, type == .float32 && !rests ? .float32 : nil)
    var (predictor, conditioning, latents):
      (any NoisePredictor, any PromptConditioner, (any LatentCodec)?)
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
      latents = try Self.vae(store, layout, beside: network)
      (predictor, conditioning) = (network, try TextConditioner(tokenizer, text, device))
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
      latents = try Self.vae(store, layout, beside: network)
      network.pixelsPerLatent = latents?.factor ?? Self.usualFactor
      (predictor, conditioning) = (network, texts)
    case .pixels(let classes):
      let network = try UNet2D(store.root["unet"], layout.config(.unet))
      latents = try IdentityCodec(channels: network.inChannels, layout.config(.unet))
      (predictor, conditioning) = (
        network, try ClassConditioner(classes, rows: network.classes, device)
      )
    }
    if let offload {
      func tensors(_ parts: Layout.Component...) -> OffloadedComponent? {
        offload.component(
          parts[0].rawValue, parts.flatMap { store.root[$0.rawValue].tensors },
          as: rests ? .float32 : nil)
      }
      if let own = tensors(.unet) {
        predictor = OffloadedPredictor(Offloaded(predictor, offload, own))
      }
      if let own = tensors(.textEncoder, .textEncoder2) {
        conditioning = OffloadedConditioner(base: Offloaded(conditioning, offload, own))
      }
      if let base = latents, let own = tensors(.vae) {
        latents = OffloadedCodec(base: Offloaded(base, offload, own))
      }
    }
    computeType = type
    if type == .float32 {
      (unet, conditioner, ownCodec) = (predictor, conditioning, latents)
    } else {
      let vae = store[ParameterPath("vae.decoder.conv_in.weight")]?.dtype ?? .float32
      unet = HalfPredictor(predictor, type.dtype)
      conditioner = HalfConditioner(base: conditioning, dtype: type.dtype)
      ownCodec = latents.map { vae == .float32 ? $0 : HalfCodec(base: $0, dtype: vae) }
    }
    pixelsPerLatent = latents?.factor ?? Self.usualFactor
    // Values of the file are checked too where the pipeline takes others.
    _ = try NoiseSchedule(layout.scheduler)
    schedule = try NoiseSchedule(layout.usedScheduler)
    (self.store, self.layout, self.device, self.offload) = (store, layout, device, offload)
    // Position ids are a buffer of old checkpoints.
    try store.check { $0.name.hasSuffix("embeddings.position_ids") }
  }

  /// Pixels per latent pixel of all Stable Diffusions, for a checkpoint without a VAE.
  private static let usualFactor = 8

  /// - Throws: ``LetheError`` of the kind `request` for a checkpoint that was published without a VAE
  public var codec: any LatentCodec {
    get throws {
      guard let ownCodec else {
        throw LetheError.request(
          "the model has no VAE, which pictures and a folder for diffusers need; accepted: --vae with "
            + NamedVAE.accepted)
      }
      return ownCodec
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

  /// Every weight: on the device, or in the memory of the machine where components rest. Those of a model that rests in the
  /// type of its file have that type.
  public var parameters: ParameterStore {
    offload?.rest()
    return store
  }

  /// A model with the same numbers, all on the device. Tensors that `owned` chooses are copies, the rest are shared.
  public func clone(owning owned: (ParameterPath) -> Bool = { _ in true }) throws -> DiffusionModel
  {
    try DiffusionModel(layout, parameters.source(owning: owned), on: device)
  }

  /// A model in which `replacements` stand for the tensors of their names; the rest is shared.
  public func replacing(_ replacements: [ParameterPath: Tensor]) throws -> DiffusionModel {
    var tensors = parameters.tensors
    for (path, tensor) in replacements { tensors[path] = tensor }
    return try DiffusionModel(layout, .tensors(tensors), on: device, offload: offload)
  }

  /// The model with all of its weights on the device, as training needs it.
  package func whole() throws -> DiffusionModel {
    try offload == nil ? self : clone { _ in false }
  }

  /// Latent pixels of a picture at the model's own size.
  public var latentSize: Int { unet.sampleSize }
  /// Pixels of a picture's side at the model's own size.
  public var imageSize: Int { unet.sampleSize * pixelsPerLatent }
  /// Whether a training step's activations weigh more than its arithmetic, as they do at the size of real models: they
  /// are computed again, concepts train one by one, and tensors that nothing reads for a while rest in files.
  public var isLarge: Bool { latentSize >= 32 }

  /// A model with the same shape that has learned nothing.
  public func initial(seed: UInt64) throws -> DiffusionModel {
    try DiffusionModel(layout, .initial(Generator(seed: seed)), on: device)
  }

  /// The numbers of a U-Net of the same shape that has learned nothing: those of ``initial(seed:)``, without its other
  /// parts.
  package func initialUNet(seed: UInt64) throws -> [ParameterPath: Tensor] {
    let store = ParameterStore(.initial(Generator(seed: seed)), on: device)
    switch layout.pipeline {
    case .pixels: _ = try UNet2D(store.root["unet"], layout.config(.unet))
    case .stableDiffusion, .stableDiffusionXL:
      _ = try UNet2DCondition(store.root["unet"], layout.config(.unet))
    }
    return store.tensors
  }

  /// Names of the model's classes; empty for a model that takes words, or no prompt.
  public var classes: [String] {
    if case .pixels(let classes) = layout.pipeline { classes } else { [] }
  }
  /// Whether the model takes no prompt at all.
  public var isUnconditional: Bool {
    if case .pixels(let classes) = layout.pipeline { classes.isEmpty } else { false }
  }

  /// The tokenizer of the prompts.
  /// - Throws: ``LetheError`` for a model that takes no words
  public func tokenizer(for what: String) throws -> PromptTokenizer {
    try layout.tokenizer(for: what)
  }
}

extension DiffusionModel: PromptConditioner {
  public func tokens(_ prompt: String) -> PromptTokens { conditioner.tokens(prompt) }
  public func wordEmbeddings(_ tokens: [PromptTokens]) -> Tensor {
    conditioner.wordEmbeddings(tokens)
  }
  public var widths: [Int] { conditioner.widths }
  public func encode(_ embeddings: Tensor) -> Conditioning { conditioner.encode(embeddings) }
  public func check(_ prompts: [String]) throws { try conditioner.check(prompts) }
  public var nothing: PromptTokens { conditioner.nothing }

  /// The U-Net's prediction for x [B, C, h, w] at times t [B]: eps or v, as the schedule's prediction type names it.
  public func predict(_ x: Tensor, at t: Tensor, given c: Conditioning) -> Tensor {
    predict(x, at: t, given: c, cache: nil)
  }

  /// As above. The cache computes keys and values once for a conditioning that stays the same.
  package func predict(
    _ x: Tensor, at t: Tensor, given c: Conditioning, cache: KeyValueCache?
  ) -> Tensor {
    evaluations += x.size(0)
    guard let ranks = Ranks.dividing, c.count == x.size(0) else {
      return unet.predict(x, at: t, given: c, cache: cache)
    }
    return ranks.divided(x) { rows in
      let (first, n) = (rows.lowerBound, rows.count)
      var own = c.rows(Array(rows))
      own.guidance = c.guidance
      return unet.predict(
        x.narrowed(0, first, n), at: t.narrowed(0, first, n), given: own, cache: cache)
    }
  }
}
