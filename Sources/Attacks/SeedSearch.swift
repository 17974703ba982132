// New seeds for the same prompt (the seed search beside UnlearnDiffAtk, Zhang et al., ECCV 2024). It measures the share
// of prompts that bring the concept back without a change of words.

public import Torch

/// New seeds for the same prompt.
public struct SeedSearch: Attack {
  public static let name = "seeds"
  public static let card = AttackCard(
    title: "New seeds", paper: "arXiv 2310.11868", year: 2024,
    summary:
      "Asks with the same prompts and other seeds")
  public static let efforts: [OptionPath] = ["attempts"]

  /// Attempts for each prompt, from 1, each with another seed. More find more; each costs a picture.
  public var attempts = 40
  public init() {}
  public static var tiny: SeedSearch { tiny { $0.attempts = 3 } }

  public func work(picture: Int) -> Int { attempts * picture }

  public func session(
    _ prompts: [AttackedPrompt], _ target: BlackBoxTarget, seed: UInt64
  ) throws -> any AttackSession { Session(prompts: prompts, attempts: attempts, seed: seed) }

  private struct Session: AttackSession {
    let prompts: [AttackedPrompt]
    let attempts: Int
    let seed: UInt64
    var round: UInt64 = 0

    mutating func next(_ open: [Int]) -> [Int: Attempt] {
      guard round < attempts else { return [:] }
      round += 1
      return Dictionary(
        uniqueKeysWithValues: open.map {
          // These seeds are far from those that evaluations use.
          let fresh = prompts[$0].seed &+ (seed &+ round) &* 1_000_003
          return ($0, Attempt(prompts[$0].prompt, seed: fresh))
        })
    }
  }
}
