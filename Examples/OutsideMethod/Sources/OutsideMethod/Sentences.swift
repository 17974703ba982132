import Lethe

/// Tries the prompt with some words before it, one of them a round.
public struct Sentences: Attack {
  public static let name = "sentences"
  public static let card = AttackCard(
    title: "Sentences", paper: "an example", year: 2026)
  /// Words to try before the prompt, an attempt for each. More find more; each costs a picture.
  public var words = ["a picture of", "a drawing of", "please draw"]
  public init() {}

  public func session(
    _ prompts: [AttackedPrompt], _ target: BlackBoxTarget, seed: UInt64
  ) throws -> any AttackSession {
    Session(prompts: prompts, words: words)
  }

  struct Session: AttackSession {
    let prompts: [AttackedPrompt]
    let words: [String]
    var round = 0

    mutating func next(_ open: [Int]) throws -> [Int: Attempt] {
      guard round < words.count else { return [:] }
      defer { round += 1 }
      return open.reduce(into: [:]) { attempts, i in
        attempts[i] = Attempt("\(words[round]) \(prompts[i].prompt)", seed: prompts[i].seed)
      }
    }
  }
}
