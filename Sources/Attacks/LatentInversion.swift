// Latent inversion: a picture of the concept is followed back to noise through the victim, and drawn again from there
// (Memories of Forgotten Concepts; Rusanovsky, Malnick, Jevnisek, Fried, Avidan; CVPR 2025).
//
//   z_0 = encode(the original's picture),   z_(t+) = DDIM backwards along the victim's eps(z_t | prompt),   z_T -> picture
//
// A concept that comes back this way is still within the victim's reach: some noise leads to its picture.
internal import Diffusion
internal import Torch
internal import Training

/// Latent inversion (Rusanovsky et al., CVPR 2025): the victim follows the original's picture back to noise, and draws
/// it again.
public struct LatentInversion: Attack {
  public static let name = "latent"
  public static let card = AttackCard(
    title: "Latent inversion", paper: "arXiv 2412.00782", year: 2025,
    summary:
      "Follows the original's picture back to noise through the erased model, and draws it again from there"
  )

  /// Guidance of the inversion and of the drawing, from 1. 1 follows the prompt alone, so that the drawing retraces the
  /// inversion.
  public var guidance = 1.0
  public init() {}

  public func work(picture: Int) -> Int { 2 * picture }

  public func session(
    _ prompts: [AttackedPrompt], _ target: WhiteBoxTarget, seed: UInt64
  ) throws -> any AttackSession {
    guard guidance >= 1 else {
      throw LetheError.request("latent: guidance \(guidance); accepted: at least 1")
    }
    return Session(prompts: prompts, target: target, guidance: guidance)
  }

  private struct Session: RepeatedPrompts {
    let prompts: [AttackedPrompt]
    let target: WhiteBoxTarget
    let guidance: Double
    let rounds = 1
    var round = 0
    var variant: String? { "noise inverted from the original's picture" }

    func images(of attempts: [Attempt], _ sampling: SamplingOptions) throws -> [Image]? {
      try withoutGradients {
        var sampling = sampling
        sampling.guidance = guidance
        let model = target.model
        let path = try GuidedDDIM(model, sampling)
        let c = model.embed(attempts.map(\.prompt))
        var x = Tensor.concatenate(
          try attempts.map { try target.target(AttackedPrompt($0.prompt, seed: $0.seed)) })
        for i in path.timesteps.indices.reversed() {
          try Interrupt.check()
          // eps at the earlier time stands for that of the later one.
          x = path.step(path.predicted(model, x, i, at: i + 1, given: c), from: i + 1, to: i)
        }
        for i in path.timesteps.indices {
          try Interrupt.check()
          x = path.step(path.predicted(model, x, i, given: c), from: i, to: i + 1)
        }
        return try GuidedDDIM.images(x, by: model)
      }
    }
  }
}
