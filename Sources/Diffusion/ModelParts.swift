public import Torch
package import TorchNN

package protocol NoisePredictor: AnyObject {
  /// Channels, height and width of its input.
  var inChannels: Int { get }
  var sampleSize: Int { get }
  /// Whether the backward pass computes each block again, so that training need not keep the block's activations.
  var recomputes: Bool { get set }
  /// Whether it is told the guidance scale, and so needs no second prediction without the prompt.
  var takesGuidance: Bool { get }
  /// Drops numbers between layers while it has a generator; nil where the network has none.
  var dropout: Dropout? { get }
  /// x [B, C, H, W], t [B] -> eps, v or x_0 [B, C, H, W], as the schedule's prediction type names it
  func predict(_ x: Tensor, at t: Tensor, given c: Conditioning, cache: KeyValueCache?) -> Tensor
}

extension NoisePredictor {
  package var dropout: Dropout? { nil }
  package var takesGuidance: Bool { false }

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
  /// The width of each text encoder's part of D; the parts stand side by side.
  var widths: [Int] { get }
  /// [B, L, D] -> conditioning; gradients reach the embeddings and the encoder's weights
  func encode(_ embeddings: Tensor) -> Conditioning
  /// - Throws: ``LetheError`` for a prompt that the model cannot read
  func check(_ prompts: [String]) throws
  /// The ids that guidance pushes away from where no negative prompt is given. They are those of the empty prompt, but
  /// for SDXL, whose encoders are then told nothing at all.
  var nothing: PromptTokens { get }
}

extension PromptConditioner {
  /// The conditioning of prompts, a row each.
  public func embed(_ prompts: [String]) -> Conditioning {
    encode(wordEmbeddings(prompts.map(tokens)))
  }

  public var nothing: PromptTokens { tokens("") }

  /// The conditioning without any prompt, one row.
  public func embedNothing() -> Conditioning { encode(wordEmbeddings([nothing])) }

  /// A prompt that erasers keep, one row: the empty one stands for what guidance pushes away from.
  package func embedKept(_ prompt: String) -> Conditioning { embedKept([prompt]) }

  /// Prompts, of which an empty one stands for what guidance pushes away from.
  package func embedKept(_ prompts: [String]) -> Conditioning {
    encode(wordEmbeddings(keptTokens(prompts)))
  }

  /// The ids of ``embedKept(_:)``.
  package func keptTokens(_ prompts: [String]) -> [PromptTokens] {
    prompts.map { $0.isEmpty ? nothing : tokens($0) }
  }
}

/// Pictures as latents and back: an autoencoder, or none for models of pixels.
public protocol LatentCodec {
  /// Pixels of a picture per pixel of its latent, in each direction.
  var factor: Int { get }
  /// The factor that unscaled latents are multiplied by.
  var scalingFactor: Double { get }
  /// Unscaled latents as the network has them.
  func scaled(_ z: Tensor) -> Tensor
  /// Latents without the scaling, as ``reconstruct(_:)`` takes them.
  func unscaled(_ z: Tensor) -> Tensor
  /// Mean and log variance of q(z | image), unscaled: image [B, 3, H, W] in [-1, 1] -> 2 x [B, z, h, w]
  func posterior(_ image: Tensor) -> (mean: Tensor, logVariance: Tensor)
  /// Unscaled latents -> image [B, 3, H, W], about [-1, 1]
  func reconstruct(_ z: Tensor) -> Tensor
}

extension LatentCodec {
  /// A scaled sample of the posterior, or its mean without a generator.
  public func encode(_ image: Tensor, _ g: Generator?) -> Tensor {
    let (mean, logVariance) = posterior(image)
    guard let g else { return scaled(mean) }
    let noise = Tensor.randn(mean.shape, g).to(mean.device, mean.dtype)
    return scaled(mean + (0.5 * logVariance).exp() * noise)
  }

  /// Scaled latents [B, z, h, w] -> image [B, 3, H, W], about [-1, 1]
  public func decode(_ z: Tensor) -> Tensor { reconstruct(unscaled(z)) }

  public func scaled(_ z: Tensor) -> Tensor { z * scalingFactor }
  public func unscaled(_ z: Tensor) -> Tensor { z / scalingFactor }
}
