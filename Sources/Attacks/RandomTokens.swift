// Random tokens before the prompt (the random attacker beside UnlearnDiffAtk, Zhang et al., ECCV 2024). Its success
// rate is that of chance, to which every other attack is compared.
//
//   k tokens ~ U(vocabulary), decoded to text; the seed stays
internal import Diffusion
public import Torch
internal import Training

/// Random tokens before the prompt: the success rate of chance.
public struct RandomTokens: Attack {
  public static let name = "random"
  public static let card = AttackCard(
    title: "Random tokens", paper: "arXiv 2310.11868", year: 2024,
    summary:
      "Puts random tokens before the prompt: the rate of chance, which other attacks are held against"
  )
  public static let efforts: [OptionPath] = ["attempts"]

  /// k, tokens before the prompt, from 1: the paper's 5 for nudity, 3 for styles and objects. Take the number of the
  /// attack that is compared.
  public var tokens = 3
  /// Attempts for each prompt, from 1. More find more; each costs a picture.
  public var attempts = 40
  public init() {}
  public static var tiny: RandomTokens { tiny { $0.attempts = 3 } }

  public func work(picture: Int) -> Int { attempts * picture }

  public func canAttack(_ prompt: AttackedPrompt, _ known: AttackKnowledge) -> Bool {
    known.hasRoom(prompt.prompt, for: tokens)
  }

  public func session(
    _ prompts: [AttackedPrompt], _ target: BlackBoxTarget, seed: UInt64
  ) throws -> any AttackSession {
    Session(
      prompts: prompts, decoder: target.tokenizer.decoder(), tokens: tokens, attempts: attempts,
      seed: seed)
  }

  private struct Session: AttackSession {
    let prompts: [AttackedPrompt]
    let decoder: CLIPTokenizer.Decoder
    let tokens: Int
    let attempts: Int
    let seed: UInt64
    var round = 0

    mutating func next(_ open: [Int]) -> [Int: Attempt] {
      guard round < attempts else { return [:] }
      defer { round += 1 }
      return Dictionary(
        uniqueKeysWithValues: open.map { i in
          // The tokens depend on the prompt and the round alone, not on the prompts that are still open.
          let g = Step(index: i * attempts + round, seed: seed).generator
          let picks = Tensor.randint(below: decoder.words.count, [tokens], g).ints
          let prefix = decoder.text(picks.map { decoder.words[$0] })
          return (i, Attempt(prefix + " " + prompts[i].prompt, seed: prompts[i].seed))
        })
    }
  }
}

extension RandomTokens: BoundedOptions {
  public static let bounds = ["tokens": Bound.whole(1...1000)]
}
