// Hand-over: the original model makes the first steps of a picture, and the victim the rest (the completion probe of
// Lu, Kriplani, Gandikota, Suvarna, Bau, Sharma, Wallace, Hegde, Cohen; When Are Concepts Erased From Diffusion
// Models?, 2025).
//
//   x_T -> .. -> x_(T-k) by the original,   x_(T-k) -> .. -> x_0 by the victim,   k = 1, 2, 3 of T = 50
//
// A victim that steers away from the concept only in the first steps completes the picture that it is handed.
internal import Diffusion
public import Torch
internal import Training

/// Hand-over (Lu et al., 2025): the original makes the first steps of a picture, and the victim the rest.
public struct HandOver: Attack {
  public static let name = "handover"
  public static let card = AttackCard(
    title: "Hand-over", paper: "arXiv 2505.17013", year: 2025,
    summary:
      "The original model makes the first steps of a picture, and the erased model the rest")
  public static let efforts: [OptionPath] = ["first", "steps"]

  /// k of each round, first steps that the original takes, from 1. With more steps the original draws more of the
  /// picture itself.
  public var first = [1, 2, 3]
  /// T, denoising steps of a picture, from 0 to 1000. 0 takes the evaluation's steps; with few of them k is a larger
  /// share.
  public var steps = 50
  public init() {}
  public static var tiny: HandOver { tiny { $0.steps = 3 } }

  public func work(picture: Int) -> Int { first.count * max(picture, 2 * steps) }

  public func session(
    _ prompts: [AttackedPrompt], _ target: WhiteBoxTarget, seed: UInt64
  ) throws -> any AttackSession {
    guard first.allSatisfy({ $0 > 0 }) else {
      throw LetheError.request("handover: first \(first); accepted: numbers above 0")
    }
    guard (0...1000).contains(steps) else {
      throw LetheError.request("handover: steps \(steps); accepted: 0 to 1000")
    }
    return Session(prompts: prompts, target: target, first: first, steps: steps)
  }

  private struct Session: RepeatedPrompts {
    let prompts: [AttackedPrompt]
    let target: WhiteBoxTarget
    let first: [Int]
    let steps: Int
    var rounds: Int { first.count }
    var round = 0
    var variant: String? { "\(first[round - 1].counted("first step")) by the original" }

    func images(of attempts: [Attempt], _ sampling: SamplingOptions) throws -> [Image]? {
      try withoutGradients {
        var sampling = sampling
        if steps > 0 { sampling.steps = steps }
        let path = try GuidedDDIM(target.model, sampling)
        var (_, x) = try GuidedDDIM.noise(
          target.model, seeds: attempts.map(\.seed), sampling)
        let texts = attempts.map(\.prompt)
        let given = (target.original.embed(texts), target.model.embed(texts))
        for i in path.timesteps.indices {
          try Interrupt.check()
          let isFirst = i < first[round - 1]
          let p = path.predicted(
            isFirst ? target.original : target.model, x, i, given: isFirst ? given.0 : given.1)
          x = path.step(p, from: i, to: i + 1)
        }
        return try GuidedDDIM.images(x, by: target.model)
      }
    }
  }
}
