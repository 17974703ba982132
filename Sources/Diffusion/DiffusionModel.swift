public import Torch
public import TorchNN

/// The noise predictor's conditioning: hidden states of the prompt [B, L, D].
public struct Conditioning {
  public var hidden: Tensor
  /// The prompt as one vector [B, P], for networks that take one (SDXL).
  public var pooled: Tensor?
  /// Additions to the keys and values of cross-attention layers, by the layer's path. Rows are
  /// those of `hidden`, so that each picture of a batch can have erasers of its own.
  package var shifts: [String: KeyValueShift]

  package init(
    _ hidden: Tensor, pooled: Tensor? = nil, shifts: [String: KeyValueShift] = [:]
  ) {
    (self.hidden, self.pooled, self.shifts) = (hidden, pooled, shifts)
  }

  public static func concatenate(_ parts: [Conditioning]) -> Conditioning {
    let layers = Set(parts.flatMap(\.shifts.keys))
    let shifts = layers.map { layer -> (String, KeyValueShift) in
      let like = parts.lazy.compactMap { $0.shifts[layer] }.first
      let rows = parts.compactMap { part in
        part.shifts[layer] ?? like.map { $0.zeros(part.count) }
      }
      return (
        layer,
        KeyValueShift(
          keys: Tensor.concatenate(rows.map(\.keys), 0),
          values: Tensor.concatenate(rows.map(\.values), 0))
      )
    }
    let pooled = parts.compactMap(\.pooled)
    precondition(
      pooled.isEmpty || pooled.count == parts.count,
      "\(parts.count - pooled.count) of \(parts.count) parts have no pooled prompt")
    return Conditioning(
      Tensor.concatenate(parts.map(\.hidden), 0),
      pooled: pooled.isEmpty ? nil : Tensor.concatenate(pooled, 0),
      shifts: Dictionary(uniqueKeysWithValues: shifts))
  }

  /// Some of the rows, in the order asked for.
  public func rows(_ picks: [Int]) -> Conditioning {
    Conditioning(
      hidden.indexed(0, picks), pooled: pooled?.indexed(0, picks),
      shifts: shifts.mapValues {
        KeyValueShift(keys: $0.keys.indexed(0, picks), values: $0.values.indexed(0, picks))
      })
  }

  /// The same prompts with more added to keys and values.
  package func shifted(by more: [String: KeyValueShift]) -> Conditioning {
    var c = self
    c.shifts = KeyValueShift.sum([shifts, more].filter { !$0.isEmpty })
    return c
  }

  /// Each row `count` times in a row.
  public func repeated(_ times: Int) -> Conditioning {
    times == 1 ? self : rows((0..<count).flatMap { Array(repeating: $0, count: times) })
  }
  public var count: Int { hidden.size(0) }
}

/// Additions to one layer's keys and values, each [B, L, width].
package struct KeyValueShift {
  package var keys: Tensor
  package var values: Tensor
  package init(keys: Tensor, values: Tensor) { (self.keys, self.values) = (keys, values) }

  /// The sum, layer by layer.
  package static func sum(_ parts: [[String: KeyValueShift]]) -> [String: KeyValueShift] {
    parts.dropFirst().reduce(parts.first ?? [:]) { total, part in
      total.merging(part) {
        KeyValueShift(keys: $0.keys + $1.keys, values: $0.values + $1.values)
      }
    }
  }

  func zeros(_ rows: Int) -> KeyValueShift {
    func zeros(_ x: Tensor) -> Tensor {
      Tensor.zeros([rows] + x.shape.dropFirst(), x.dtype, on: x.device)
    }
    return KeyValueShift(keys: zeros(keys), values: zeros(values))
  }
}

package protocol NoisePredictor: AnyObject {
  /// Channels, height and width of its input.
  var inChannels: Int { get }
  var sampleSize: Int { get }
  /// Whether the backward pass computes each block again, so that training need not keep the block's activations.
  var recomputes: Bool { get set }
  /// Drops numbers between layers while it has a generator; nil where the network has none.
  var dropout: Dropout? { get }
  /// x [B, C, H, W], t [B] -> eps, v or x_0 [B, C, H, W], as the schedule's prediction type names it
  func predict(_ x: Tensor, at t: Tensor, given c: Conditioning, cache: KeyValueCache?) -> Tensor
}

extension NoisePredictor {
  package var dropout: Dropout? { nil }

  /// Runs a chain. The backward pass finds all activations kept, or only those between the parts.
  func run(_ parts: [ChainStage], _ inputs: [Tensor], parameters: () -> [Tensor]) -> Tensor {
    guard recomputes, recordsGradients else { return parts.reduce(inputs) { $1($0) }[0] }
    return recomputed(parts, inputs, parameters: parameters().filter(\.requiresGradient))
  }
}

/// Turns prompts into conditioning in two halves; attacks differentiate the second. Prompts are texts, or the
/// names of classes; the empty prompt names no content.
public protocol PromptConditioner {
  /// Ids with start, end and padding; of a class, its number.
  func tokens(_ prompt: String) -> PromptTokens
  /// Prompts of L ids each -> [B, L, D], before positions are added; classes stay numbers, [B, 1]
  func wordEmbeddings(_ tokens: [PromptTokens]) -> Tensor
  /// How many numbers of D each text encoder has; they stand side by side.
  var widths: [Int] { get }
  /// [B, L, D] -> conditioning; gradients reach the embeddings and the encoder's weights
  func encode(_ embeddings: Tensor) -> Conditioning
  /// - Throws: ``LetheError`` for a prompt that the model cannot read
  func check(_ prompts: [String]) throws
}

extension PromptConditioner {
  public func embed(_ prompts: [String]) -> Conditioning {
    encode(wordEmbeddings(prompts.map(tokens)))
  }
}

public protocol LatentCodec {
  /// Pixels of a picture per pixel of its latent, in each direction.
  var factor: Int { get }
  /// The factor that unscaled latents are multiplied by.
  var scalingFactor: Double { get }
  /// Mean and log variance of q(z | image), unscaled: image [B, 3, H, W] in [-1, 1] -> 2 x [B, z, h, w]
  func posterior(_ image: Tensor) -> (mean: Tensor, logVariance: Tensor)
  /// Unscaled latents -> image [B, 3, H, W], about [-1, 1]
  func reconstruct(_ z: Tensor) -> Tensor
}

extension LatentCodec {
  /// A scaled sample of the posterior, or its mean without a generator.
  public func encode(_ image: Tensor, _ g: Generator?) -> Tensor {
    let (mean, logVariance) = posterior(image)
    guard let g else { return mean * scalingFactor }
    let noise = Tensor.randn(mean.shape, g).to(mean.device, mean.dtype)
    return (mean + (0.5 * logVariance).exp() * noise) * scalingFactor
  }

  /// Scaled latents [B, z, h, w] -> image [B, 3, H, W], about [-1, 1]
  public func decode(_ z: Tensor) -> Tensor { reconstruct(z / scalingFactor) }
}

/// A diffusion model: noise predictor, conditioner, latent codec and schedule over one store of parameters
/// whose paths are diffusers' names. Text-to-image (Stable Diffusion) or over pixels (DDPM, with classes or
/// without); methods mention neither.
public final class DiffusionModel {
  public let parameters: ParameterStore
  package let unet: any NoisePredictor
  package let conditioner: any PromptConditioner
  public let codec: any LatentCodec
  public let schedule: NoiseSchedule
  package let layout: Layout
  public let device: Device
  /// Noisy pictures that ``predict(_:at:given:cache:)`` was asked about so far.
  package private(set) var evaluations = 0

  package init(_ layout: Layout, _ source: ParameterStore.Source, on device: Device = .cpu) throws {
    let store = ParameterStore(source, on: device)
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
      let vae = try AutoencoderKL(store.root["vae"], layout.config(.vae))
      try Self.check(network, vae)
      codec = vae
      (unet, conditioner) = (network, try TextConditioner(tokenizer, text, device))
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
      let vae = try AutoencoderKL(store.root["vae"], layout.config(.vae))
      try Self.check(network, vae)
      network.pixelsPerLatent = vae.factor
      (codec, unet, conditioner) = (vae, network, texts)
    case .pixels(let classes):
      let network = try UNet2D(store.root["unet"], layout.config(.unet))
      codec = try IdentityCodec(channels: network.inChannels, layout.config(.unet))
      (unet, conditioner) = (network, try ClassConditioner(classes, rows: network.classes, device))
    }
    schedule = try NoiseSchedule(layout.scheduler)
    (parameters, self.layout, self.device) = (store, layout, device)
    // Position ids are a buffer of old checkpoints.
    try store.check { $0.name.hasSuffix("embeddings.position_ids") }
  }

  private static func check(_ network: UNet2DCondition, _ vae: AutoencoderKL) throws {
    guard network.inChannels == vae.latentChannels else {
      throw LetheError.model(
        "the autoencoder has latents of \(vae.latentChannels) channels, the U-Net takes \(network.inChannels)"
      )
    }
  }

  /// A model with the same numbers. Tensors that `owned` chooses are copies, the rest are shared.
  public func clone(owning owned: (ParameterPath) -> Bool = { _ in true }) throws -> DiffusionModel
  {
    try DiffusionModel(layout, parameters.source(owning: owned), on: device)
  }

  /// A model in which `replacements` stand for the tensors of their names; the rest is shared.
  public func replacing(_ replacements: [ParameterPath: Tensor]) throws -> DiffusionModel {
    var tensors = parameters.tensors
    for (path, tensor) in replacements { tensors[path] = tensor }
    return try DiffusionModel(layout, .tensors(tensors), on: device)
  }

  /// Latent pixels of a picture at the model's own size.
  public var latentSize: Int { unet.sampleSize }
  public var imageSize: Int { unet.sampleSize * codec.factor }
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

  /// The U-Net's prediction for x [B, C, h, w] at times t [B]: eps or v, as the schedule's prediction type names it.
  public func predict(_ x: Tensor, at t: Tensor, given c: Conditioning) -> Tensor {
    predict(x, at: t, given: c, cache: nil)
  }

  /// As above. The cache computes keys and values once for a conditioning that stays the same.
  package func predict(
    _ x: Tensor, at t: Tensor, given c: Conditioning, cache: KeyValueCache?
  ) -> Tensor {
    evaluations += x.size(0)
    return unet.predict(x, at: t, given: c, cache: cache)
  }
}
