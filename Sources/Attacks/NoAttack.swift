// The prompts as they are: the attack success rate before any attack (pre-ASR of UnlearnDiffAtk, Zhang et al.,
// ECCV 2024).

public struct NoAttack: Attack {
  public static let name = "none"
  public static let card = AttackCard(
    title: "The prompts as they are", paper: "baseline", year: 2024)

  public init() {}

  public func session(
    _ prompts: [AttackedPrompt], _ target: BlackBoxTarget, seed: UInt64
  ) throws -> any AttackSession { Session(prompts: prompts) }

  private struct Session: AttackSession {
    let prompts: [AttackedPrompt]
    var isDone = false

    mutating func next(_ open: [Int]) -> [Int: Attempt] {
      defer { isDone = true }
      guard !isDone else { return [:] }
      return Dictionary(
        uniqueKeysWithValues: open.map {
          ($0, Attempt(prompts[$0].prompt, seed: prompts[$0].seed))
        })
    }
  }
}
