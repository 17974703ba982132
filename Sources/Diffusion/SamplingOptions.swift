/// The options of a drawing.
public struct SamplingOptions: Codable, Sendable, Hashable {
  /// Name of the sampler, one of `lethe list samplers`.
  public var sampler = "ddim"
  /// Denoising steps of a picture, from 1. Fewer are faster and lose detail.
  public var steps = 25
  /// Guidance of the prompt, from 1, which follows the prompt alone. Raise it where pictures miss the prompt, lower it
  /// where they are harsh.
  public var guidance = 7.5
  /// The share of DDPM's noise that DDIM adds anew at each step, 0 to 1 (Song et al., 2021, eq. 16); nil for none.
  public var eta: Double?
  /// Width in pixels; nil is that of the model.
  public var width: Int?
  /// Height in pixels; nil is that of the model.
  public var height: Int?
  /// The prompt that guidance pushes away from; nil for none.
  public var negative: String?
  /// Share, 0 to 1, by which a guided prediction's deviation is that of the prompt's alone (Lin et al., 2024, eq. 16).
  public var rescale: Double?
  /// The type that the networks compute in; nil for the model's own, float32.
  public var dtype: ComputeType?
  /// The defaults, in the type that the program computes in.
  public init() { dtype = ComputeType.usual }

  /// The same with a picture's own guidance and size where it has them.
  package func with(guidance: Double?, width: Int?, height: Int?) -> SamplingOptions {
    var options = self
    options.guidance = guidance ?? self.guidance
    options.width = width ?? self.width
    options.height = height ?? self.height
    return options
  }

  /// The guidance of evaluations, attacks and sets of pictures where none is named.
  package static let trialGuidance = 4.0
}
