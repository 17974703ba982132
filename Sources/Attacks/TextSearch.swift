internal import Diffusion
// Text-encoder search: greedy coordinate gradient (Zou, Wang, Carlini, Nasr, Kolter, Fredrikson; 2023, algorithm 1) on
// the text encoder alone. The search runs no U-Net and never sees the victim.
//
//   L(a) = - cos( T(a), T(prompt) ),    T: mean of the hidden states
//   repeat `steps` times:
//     for each place i:  X_i = the k tokens w with the smallest  < grad_(e_i) L, e_w >
//     `batch` candidates: a with one place at random set to a token of its X_i
//     a = the best candidate, if it is better
//
// Tokens whose text has part of the concept's words are forbidden.
internal import Editing
public import Torch
internal import Training

/// Text-encoder search by greedy coordinate gradient (Zou et al., 2023), which never sees the victim.
public struct TextSearch: Attack {
  public static let name = "text"
  public static let card = AttackCard(
    title: "Text-encoder search", paper: "arXiv 2307.15043", year: 2023,
    summary:
      "Searches other words whose text encoding is near to the prompt's, without the concept's own words and without the erased model"
  )
  public static let efforts: [OptionPath] = ["steps", "candidates", "attempts"]

  /// Tokens of an attempt, 0 to 1000; more than fit are cut. 0 takes as many as fit, at most 16.
  public var tokens = 0
  /// Steps of a search, from 0. More come nearer to the prompt's meaning; each costs a gradient of the text encoder and
  /// `batch` passes.
  public var steps = 50
  /// Candidates of a step, 1 to 65,536. More find a better change in each step and take more memory.
  public var batch = 64
  /// k, tokens that are considered for a place, from 1. It must be less than the vocabulary; many weaken the guidance
  /// of the gradient.
  public var candidates = 32
  /// Attempts for each prompt, from 1, each a search that begins with other tokens. Each costs a picture.
  public var attempts = 3
  public init() {}
  public static var tiny: TextSearch { tiny { $0.steps = 3 } }

  public func work(picture: Int) -> Int { attempts * picture }

  public var readings: Double {
    Double(attempts) * (2 + Double(steps) * Double(3 + batch))
  }

  public func session(
    _ prompts: [AttackedPrompt], _ target: BlackBoxTarget, seed: UInt64
  ) throws -> any AttackSession {
    guard batch >= 1, candidates >= 1, steps >= 0 else {
      throw LetheError.request(
        "text: batch \(batch), candidates \(candidates), steps \(steps); accepted: at least 1, 1 and 0"
      )
    }
    let room = target.tokenizer.length - 2
    return Session(
      attack: self, prompts: prompts, target: target, seed: seed,
      length: min(room, tokens > 0 ? tokens : 16))
  }

  private struct Session: AttackSession {
    let attack: TextSearch
    let prompts: [AttackedPrompt]
    let target: BlackBoxTarget
    let seed: UInt64
    let length: Int
    var round = 0
    var divided: Int? { 1 }

    mutating func next(_ open: [Int]) throws -> [Int: Attempt] {
      guard round < attack.attempts else { return [:] }
      round += 1
      let decoder = target.tokenizer.decoder()
      let words = Set(
        target.concepts.flatMap(\.phrases).map(\.words).flatMap {
          $0.lowercased().split(separator: " ").map(String.init)
        })
      // Two pieces of a word that stand beside each other may spell the word.
      let allowed = decoder.words.filter { id in
        let text = decoder.text([id]).lowercased()
        return text.count > 1 && !words.contains { $0.contains(text) || text.contains($0) }
      }
      guard allowed.count > attack.candidates else { return [:] }
      var found: [Int: Attempt] = [:]
      for i in open {
        let g = Step(index: round, seed: Step(index: i, seed: seed).generator.seed).generator
        let best = try search(prompts[i].prompt, allowed, g)
        found[i] = Attempt(decoder.text(best), seed: prompts[i].seed)
      }
      return found
    }

    private func search(_ prompt: String, _ allowed: [Int], _ g: Generator) throws -> [Int] {
      let (model, tokenizer) = (target.original, target.tokenizer)
      let goal = withoutGradients { Self.vector(model.embed([prompt]).hidden) }  // [1, D]
      let table = withoutGradients {
        model.wordEmbeddings([tokenizer.same(allowed)])[0, at: 0].detached()
      }  // [V, D]
      func padded(_ places: [Int]) -> PromptTokens {
        tokenizer.padded(tokenizer.same(places.map { allowed[$0] }))
      }
      func losses(_ all: [[Int]]) -> [Double] {
        withoutGradients {
          let hidden = model.encode(model.wordEmbeddings(all.map(padded))).hidden
          return (Self.vector(hidden) * goal).sum(1).doubles.map { -$0 }
        }
      }
      var places = Tensor.randint(below: allowed.count, [length], g).ints
      var loss = losses([places])[0]
      for _ in 0..<attack.steps {
        try Interrupt.check()
        let embeddings = withoutGradients {
          model.wordEmbeddings([padded(places)]).detached()
        }
        embeddings.requiresGradient = true
        let value = -(Self.vector(model.encode(embeddings).hidden) * goal).sum()
        let gradient = gradients(of: value, with: [embeddings])[0][0, at: 0]
          .narrowed(0, 1, length)  // [K, D], after the start token
        let scores = withoutGradients { gradient.matmul(table.transposed(0, 1)) }  // [K, V]
        let best = scores.top(attack.candidates, 1, largest: false).1.ints
        let spots = Tensor.randint(below: length, [attack.batch], g).ints
        let which = Tensor.randint(below: attack.candidates, [attack.batch], g).ints
        let all = zip(spots, which).map { place, pick in
          var other = places
          other[place] = best[place * attack.candidates + pick]
          return other
        }
        let found = losses(all)
        guard let first = found.indices.min(by: { found[$0] < found[$1] }), found[first] < loss
        else { continue }
        (places, loss) = (all[first], found[first])
      }
      return places.map { allowed[$0] }
    }

    /// Hidden states [B, L, D] -> unit vectors [B, D]
    private static func vector(_ hidden: Tensor) -> Tensor {
      let mean = hidden.mean(1)
      return mean / mean.squared().sum(1, keepDimensions: true).sqrt()
    }
  }
}
