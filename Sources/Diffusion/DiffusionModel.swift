public import Torch
public import TorchNN

/// What the noise predictor is told about the picture: hidden states of the prompt [B, L, D].
public struct Conditioning {
  public var hidden: Tensor
  /// What is added to the keys and values of cross-attention layers, by the layer's path; rows are
  /// those of `hidden`, so that each picture of a batch can have erasers of its own.
  public var shifts: [String: KeyValueShift]

  public init(_ hidden: Tensor, shifts: [String: KeyValueShift] = [:]) {
    (self.hidden, self.shifts) = (hidden, shifts)
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
    return Conditioning(
      Tensor.concatenate(parts.map(\.hidden), 0), shifts: Dictionary(uniqueKeysWithValues: shifts))
  }

  /// Some of the rows, in the order asked for.
  public func rows(_ picks: [Int]) -> Conditioning {
    Conditioning(
      hidden.indexed(0, picks),
      shifts: shifts.mapValues {
        KeyValueShift(keys: $0.keys.indexed(0, picks), values: $0.values.indexed(0, picks))
      })
  }

  /// Each row `count` times in a row.
  public func repeated(_ times: Int) -> Conditioning {
    times == 1 ? self : rows((0..<count).flatMap { Array(repeating: $0, count: times) })
  }
  public var count: Int { hidden.size(0) }
}

/// What is added to one layer's keys and values, each [B, L, width].
public struct KeyValueShift {
  public var keys: Tensor
  public var values: Tensor
  public init(keys: Tensor, values: Tensor) { (self.keys, self.values) = (keys, values) }

  func zeros(_ rows: Int) -> KeyValueShift {
    func zeros(_ x: Tensor) -> Tensor {
      Tensor.zeros([rows] + x.shape.dropFirst(), x.dtype, on: x.device)
    }
    return KeyValueShift(keys: zeros(keys), values: zeros(values))
  }
}

public protocol NoisePredictor {
  /// x [B, C, H, W], t [B] -> what the schedule's prediction type says [B, C, H, W]
  func predict(_ x: Tensor, at t: Tensor, given c: Conditioning, cache: KeyValueCache?) -> Tensor
}

public protocol PromptConditioner {
  /// Ids with start, end and padding.
  func tokens(_ prompt: String) -> [Int]
  /// [B, L] -> [B, L, D], before positions are added
  func wordEmbeddings(_ tokens: [[Int]]) -> Tensor
  /// [B, L, D] -> conditioning; gradients reach the embeddings and the encoder's weights
  func encode(_ embeddings: Tensor) -> Conditioning
}

extension PromptConditioner {
  public func embed(_ prompts: [String]) -> Conditioning {
    encode(wordEmbeddings(prompts.map(tokens)))
  }
}

public protocol LatentCodec {
  /// image [B, 3, H, W] in [-1, 1] -> scaled latents; without a generator the mean
  func encode(_ image: Tensor, _ g: Generator?) -> Tensor
  func decode(_ z: Tensor) -> Tensor
}

/// A text-to-image diffusion model: noise predictor, conditioner, latent codec and schedule over one
/// store of parameters whose paths are diffusers' names.
public final class DiffusionModel {
  public let parameters: ParameterStore
  public let unet: UNet2DCondition
  public let text: CLIPText
  public let vae: AutoencoderKL
  public let tokenizer: CLIPTokenizer
  public let schedule: NoiseSchedule
  public let layout: Layout
  public let device: Device

  public init(_ layout: Layout, _ source: ParameterStore.Source, on device: Device = .cpu) throws {
    let store = ParameterStore(source, on: device)
    unet = try UNet2DCondition(store.root["unet"], layout.config(.unet))
    text = try CLIPText(store.root["text_encoder"], layout.config(.textEncoder))
    vae = try AutoencoderKL(store.root["vae"], layout.config(.vae))
    guard text.width == unet.contextWidth else {
      throw ModelError.invalid(
        "the text encoder gives vectors of \(text.width), the U-Net takes \(unet.contextWidth)")
    }
    tokenizer = layout.tokenizer
    schedule = try NoiseSchedule(layout.scheduler)
    (parameters, self.layout, self.device) = (store, layout, device)
    // Position ids are a buffer of old checkpoints.
    try store.check { $0.name.hasSuffix("embeddings.position_ids") }
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

  /// Latent pixels of a picture of the model's own size.
  public var latentSize: Int { unet.sampleSize }
  public var imageSize: Int { unet.sampleSize * vae.factor }
}

extension DiffusionModel: PromptConditioner {
  public func tokens(_ prompt: String) -> [Int] { tokenizer(prompt) }

  public func wordEmbeddings(_ tokens: [[Int]]) -> Tensor {
    text.wordEmbeddings(
      Tensor(tokens.flatMap { $0 }, [tokens.count, tokens.first?.count ?? 0]).to(device))
  }

  public func encode(_ embeddings: Tensor) -> Conditioning { Conditioning(text.encode(embeddings)) }

  /// eps (or v) of the U-Net; see ``NoisePredictor``.
  public func predict(
    _ x: Tensor, at t: Tensor, given c: Conditioning, cache: KeyValueCache? = nil
  ) -> Tensor { unet.predict(x, at: t, given: c, cache: cache) }
}
