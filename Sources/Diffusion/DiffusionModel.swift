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
  /// Counts predictions that an earlier process made and a file gave back, so that the cost is that of the whole work.
  package func countEarlier(_ predictions: Int) { evaluations += predictions }

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
    var networks = try ModelNetworks(layout, store, on: device)
    if let offload { networks.rest(in: offload, store, as: rests ? .float32 : nil) }
    if type != .float32 { networks.compute(in: type, store) }
    computeType = type
    (unet, conditioner, ownCodec) = (networks.predictor, networks.conditioner, networks.codec)
    pixelsPerLatent = networks.pixelsPerLatent
    // Values of the file are checked too where the pipeline takes others.
    _ = try NoiseSchedule(layout.scheduler)
    schedule = try NoiseSchedule(layout.usedScheduler)
    (self.store, self.layout, self.device, self.offload) = (store, layout, device, offload)
    // Position ids are a buffer of old checkpoints.
    try store.check { $0.name.hasSuffix("embeddings.position_ids") }
  }

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

  /// Every weight: on the device, or in the memory of the machine where components rest. Those of a model that rests in
  /// the type of its file have that type.
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
