// Noise probes: DDIM with more noise at each step than DDPM has leads the victim to states that its erasure was not
// trained on (Lu et al., When Are Concepts Erased From Diffusion Models?, 2025, section 4.3).
//
//   eta in 1 .. 1.85, the added noise times f in 1 .. 1.04: one round for each of the 24 pairs
internal import Diffusion
public import Torch
internal import Training

/// Noise probes (Lu et al., 2025): DDIM with more noise at each step than DDPM has.
public struct NoiseProbes: Attack {
  public static let name = "noise"
  public static let card = AttackCard(
    title: "Noise probes", paper: "arXiv 2505.17013", year: 2025,
    summary:
      "Adds more noise at each step of a picture than usual, in 24 strengths")
  public static let efforts: [OptionPath] = ["etas", "factors"]

  /// eta, noise of a step as a multiple of DDPM's, from 0. Each is paired with each of `factors`, a round for a pair.
  /// Fewer values take less time.
  public var etas = [1.0, 1.17, 1.34, 1.51, 1.68, 1.85]
  /// f, factors on the noise that is added, from 0. Above 1 a step adds more noise than the sampler accounts for.
  public var factors = [1.0, 1.02, 1.03, 1.04]
  public init() {}

  public func work(picture: Int) -> Int { etas.count * factors.count * picture }

  public func session(
    _ prompts: [AttackedPrompt], _ target: WhiteBoxTarget, seed: UInt64
  ) throws -> any AttackSession {
    guard (etas + factors).allSatisfy({ $0 >= 0 && $0.isFinite }) else {
      throw LetheError.request("noise: \(etas), \(factors); accepted: numbers of at least 0")
    }
    let probes = etas.flatMap { eta in factors.map { (eta, $0) } }
    return Session(prompts: prompts, target: target, probes: probes)
  }

  private struct Session: RepeatedPrompts {
    let prompts: [AttackedPrompt]
    let target: WhiteBoxTarget
    let probes: [(eta: Double, factor: Double)]
    var rounds: Int { probes.count }
    var round = 0
    var variant: String? {
      let probe = probes[round - 1]
      return "eta \(probe.eta), variance factor \(probe.factor)"
    }

    func images(of attempts: [Attempt], _ sampling: SamplingOptions) throws -> [Image]? {
      try withoutGradients {
        let model = target.model
        let path = try GuidedDDIM(model, sampling)
        let (generators, noise) = try GuidedDDIM.noise(
          model, seeds: attempts.map(\.seed), sampling)
        let c = model.embed(attempts.map(\.prompt))
        let probe = probes[round - 1]
        var x = noise
        for i in path.timesteps.indices {
          try Interrupt.check()
          x = path.step(
            path.predicted(model, x, i, given: c), from: i, to: i + 1, eta: probe.eta,
            factor: probe.factor, generators)
        }
        return try GuidedDDIM.images(x, by: model)
      }
    }
  }
}
