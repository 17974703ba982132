// Networks computed in half precision. Their weights are bfloat16 or float16; numbers that enter and leave are float32,
// as are the sampler's, the schedule's and guidance's. The VAE stays in float32 where its configuration says
// `force_upcast` and the type is float16, whose range SDXL's VAE leaves. Without the key it stays so for SDXL alone.
// diffusers' pipeline of SDXL does the same; its pipeline of SD 1 and 2 does not read the key.
internal import Synchronization
package import Torch
internal import TorchNN

/// The type that networks compute in.
public enum ComputeType: String, Codable, Sendable, CaseIterable {
  case float32, bfloat16, float16

  package var dtype: DType {
    switch self {
    case .float32: .float32
    case .bfloat16: .bfloat16
    case .float16: .float16
    }
  }
}

extension ComputeType {
  private static let chosen = Mutex<ComputeType?>(nil)
  /// The type of ``SamplingOptions`` that name none. A program's user chooses it for all pictures.
  package static var usual: ComputeType? {
    get { chosen.withLock { $0 } }
    set { chosen.withLock { $0 = newValue } }
  }
}

extension ComputeType {
  private static let drawing = Mutex(false)
  /// Whether the program loads models to draw with and not to train: the weights of those that are loaded from now on
  /// rest in the type of their file.
  package static var drawsOnly: Bool {
    get { drawing.withLock { $0 } }
    set { drawing.withLock { $0 = newValue } }
  }
  /// The type of all pictures of a program that trains nothing; nil for float32, and where weights are trained.
  public static var drawn: ComputeType? { drawsOnly ? usual : nil }
}

extension DiffusionModel {
  /// The model for drawing in another type. It takes half of the memory in half precision, and none of its own for
  /// weights that rest in that type already; changes of weights, such as erasers, come before, because they are added
  /// in float32.
  /// - Throws: ``LetheError`` of the kind `request` for a model over pixels, which is small and computes in float32
  public func computing(in type: ComputeType) throws -> DiffusionModel {
    guard type != computeType else { return self }
    if case .pixels = layout.pipeline {
      throw LetheError.badValue(
        "--dtype", "\(type.rawValue); \(layout.name) computes over pixels; accepted: float32")
    }
    var cast: [ParameterPath: Tensor] = [:]
    for (path, tensor) in parameters.tensors { cast[path] = tensor.to(dtype(of: path, in: type)) }
    return try DiffusionModel(
      layout, .tensors(cast), on: device, computing: type,
      offload: offload.flatMap { $0.leavesDevice ? $0 : nil })
  }

  /// A copy for the frozen side of a training, which knows the model that it was made of. The model itself for nil.
  /// - Throws: ``LetheError`` of the kind `request` for a model over pixels
  package func frozen(in type: ComputeType?) throws -> DiffusionModel {
    guard let type, type != computeType else { return self }
    let copy = try computing(in: type)
    copy.source = self
    return copy
  }

  /// The type of a weight while the networks compute in `type`.
  func dtype(of path: ParameterPath, in type: ComputeType) -> DType {
    let isVAE = path.components.first.map(String.init) == Layout.Component.vae.rawValue
    guard isVAE, type == .float16 else { return type.dtype }
    let isKept =
      layout.configs[.vae]?["force_upcast"]?.bool ?? (layout.configs[.textEncoder2] != nil)
    return isKept ? .float32 : type.dtype
  }
}

extension DiffusionModel {
  /// As ``computing(in:)``, once for all pictures that this model draws in the type.
  func drawing(in type: ComputeType) throws -> DiffusionModel {
    // A prompt's encoder in float32 has done its work, and leaves its memory to the drawing networks.
    if let offload, !offload.leavesDevice { offload.rest() }
    if let drawer, drawer.computeType == type { return drawer }
    let found = try computing(in: type)
    drawer = found
    return found
  }
}

extension Tensor {
  /// The tensor in another floating-point type; itself where it has it.
  fileprivate func cast(_ dtype: DType) -> Tensor { self.dtype == dtype ? self : to(dtype) }
}

extension Conditioning {
  fileprivate func cast(_ dtype: DType) -> Conditioning {
    var c = self
    (c.hidden, c.pooled) = (hidden.cast(dtype), pooled?.cast(dtype))
    c.shifts = shifts.mapValues {
      KeyValueShift(keys: $0.keys.cast(dtype), values: $0.values.cast(dtype))
    }
    return c
  }
}

/// A noise predictor of half-precision weights.
final class HalfPredictor: NoisePredictor {
  private let base: any NoisePredictor
  private let dtype: DType
  init(_ base: any NoisePredictor, _ dtype: DType) { (self.base, self.dtype) = (base, dtype) }

  var inChannels: Int { base.inChannels }
  var sampleSize: Int { base.sampleSize }
  var takesGuidance: Bool { base.takesGuidance }
  var dropout: Dropout? { base.dropout }
  var recomputes: Bool {
    get { base.recomputes }
    set { base.recomputes = newValue }
  }

  func predict(_ x: Tensor, at t: Tensor, given c: Conditioning, cache: KeyValueCache?) -> Tensor {
    base.predict(x.cast(dtype), at: t, given: c.cast(dtype), cache: cache).cast(.float32)
  }
}

/// Text encoders of half-precision weights.
struct HalfConditioner: PromptConditioner {
  let base: any PromptConditioner
  let dtype: DType

  func tokens(_ prompt: String) -> PromptTokens { base.tokens(prompt) }
  var widths: [Int] { base.widths }
  var nothing: PromptTokens { base.nothing }
  func check(_ prompts: [String]) throws { try base.check(prompts) }
  func wordEmbeddings(_ tokens: [PromptTokens]) -> Tensor {
    base.wordEmbeddings(tokens).cast(.float32)
  }
  func encode(_ embeddings: Tensor) -> Conditioning {
    base.encode(embeddings.cast(dtype)).cast(.float32)
  }
}

/// A VAE of half-precision weights.
struct HalfCodec: LatentCodec {
  let base: any LatentCodec
  let dtype: DType

  var factor: Int { base.factor }
  var scalingFactor: Double { base.scalingFactor }
  func scaled(_ z: Tensor) -> Tensor { base.scaled(z) }
  func unscaled(_ z: Tensor) -> Tensor { base.unscaled(z) }
  func posterior(_ image: Tensor) -> (mean: Tensor, logVariance: Tensor) {
    let (mean, logVariance) = base.posterior(image.cast(dtype))
    return (mean.cast(.float32), logVariance.cast(.float32))
  }
  func reconstruct(_ z: Tensor) -> Tensor { base.reconstruct(z.cast(dtype)).cast(.float32) }
}
