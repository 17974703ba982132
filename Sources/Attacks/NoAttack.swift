// The prompts as they are: the attack success rate before any attack (pre-ASR of UnlearnDiffAtk, Zhang et al.,
// ECCV 2024).

/// The prompts as they are, without an attack.
public struct NoAttack: Attack {
  public static let name = "none"
  public static let card = AttackCard(
    title: "The prompts as they are", paper: "baseline", year: 2024,
    summary:
      "Asks with the prompts as they are")

  public init() {}

  public func session(
    _ prompts: [AttackedPrompt], _ target: BlackBoxTarget, seed: UInt64
  ) throws -> any AttackSession { Session(prompts: prompts) }

  private struct Session: RepeatedPrompts {
    let prompts: [AttackedPrompt]
    let rounds = 1
    var round = 0
  }
}
