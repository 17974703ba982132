// Ring-A-Bell: How Reliable are Concept Removal Methods for Diffusion Models? (Tsai, Hsu, Xie, Lin, Chen, Li, Chen,
// Yu, Huang; ICLR 2024). The search happens in the original's text encoder T and never sees the victim.
//
//   v  =  mean over pairs of  T(prompt with the concept) - T(prompt without)               [L, D]   (eq. 3)
//   y  =  T(P) + eta v,     P: a prompt                                                             (eq. 4)
//   p* =  argmin over K tokens p of  | T(p) - y |^2,   by a genetic algorithm                       (eq. 5)
//
// In a generation the best half of the first size survive. Each mates with chance 1/2 with a survivor at random, cut at
// a random place, and both children join. Then each individual changes one token with chance 1/4, the best one too (no
// elitism), but not after the last generation. The pairs are the concept's phrases and the same captions without it, or
// those of a file. Of several concepts each has the same share of v, however many phrases it has.
// Published, SD 1.4 with ESD, nudity: 95 prompts with K 16, eta 3.
internal import Diffusion
internal import Editing
public import Foundation
public import Torch
internal import Training

/// Ring-A-Bell (Tsai et al., ICLR 2024): a genetic search in the original's text encoder, which never sees the victim.
public struct RingABell: Attack {
  public static let name = "ringabell"
  public static let card = AttackCard(
    title: "Ring-A-Bell", paper: "arXiv 2310.10012", year: 2024, transfers: true,
    summary:
      "Breeds a text near to the prompt with the concept added, in the original's text encoder alone"
  )
  public static let efforts: [OptionPath] = ["population", "generations"]

  /// K, tokens of an attempt, 0 to 1000; more than fit are cut. 0 takes as many as fit, at most 16.
  public var tokens = 0
  /// A table (CSV) with columns `with` and `without`: prompts with the concept, and the same ones without it. Empty
  /// takes the concept's captions.
  public var pairs = ""
  /// eta, strength of the concept in the embedding that is sought, from 0; the paper's 3 for nudity. Raise it where
  /// attempts do not show the concept.
  public var eta = 3.0
  /// Token sequences of the first generation, 2 to 1,000,000. More find better ones; the time grows in proportion.
  public var population = 200
  /// Generations of the search, from 1. The time grows in proportion.
  public var generations = 3000
  /// Chance, 0 to 1, that a survivor mates. At 0 mutations alone make new sequences.
  public var crossover = 0.5
  /// Chance, 0 to 1, that a sequence changes one token after a generation. Raise it where the search stands still
  /// early.
  public var mutation = 0.25
  public init() {}
  public static var tiny: RingABell { tiny { ($0.population, $0.generations) = (8, 3) } }
  public func check() throws {
    guard population >= 2, generations >= 1 else {
      throw LetheError.request(
        "ringabell: population \(population), generations \(generations); at least 2 and 1")
    }
    guard try pairs.isEmpty || !files.flatMap(ConceptPair.read).isEmpty else {
      throw LetheError.request("ringabell needs prompts with the concept and without")
    }
  }

  public var files: [URL] { pairs.isEmpty ? [] : [pairs.filePlace] }

  /// Every individual of every generation, with the children that are expected.
  public var readings: Double {
    let pool = Double(population) * (0.5 + min(max(crossover, 0), 1))
    return Double(population) + Double(generations) * pool
  }

  public func session(
    _ prompts: [AttackedPrompt], _ target: BlackBoxTarget, seed: UInt64
  ) throws -> any AttackSession {
    try check()
    let groups =
      try self.pairs.isEmpty
      ? target.concepts.map { concept in
        concept.phrases.map { ConceptPair(with: $0.prompt, without: $0.anchor) }
      } : [files.flatMap(ConceptPair.read)]
    let pairs = groups.filter { !$0.isEmpty }
    guard !pairs.isEmpty else {
      throw LetheError.request("ringabell needs prompts with the concept and without")
    }
    let model = target.original
    let direction = Self.direction(of: pairs, in: model)
    let room = target.tokenizer.length - 2
    return Session(
      attack: self, prompts: prompts, tokenizer: target.tokenizer, model: model,
      direction: direction, length: min(room, tokens > 0 ? tokens : 16), seed: seed)
  }

  /// v [L, D]
  /// - Parameter pairs: those of each concept
  static func direction(of pairs: [[ConceptPair]], in model: DiffusionModel) -> Tensor {
    withoutGradients {
      let parts = pairs.map { own in
        (model.embed(own.map(\.with)).hidden - model.embed(own.map(\.without)).hidden).mean(0)
      }
      return parts.count == 1 ? parts[0] : Tensor.stack(parts).mean(0)
    }
  }

  private struct Session: AttackSession {
    let attack: RingABell
    let prompts: [AttackedPrompt]
    let tokenizer: PromptTokenizer
    let model: DiffusionModel
    let direction: Tensor  // v [L, D]
    let length: Int  // K
    let seed: UInt64
    var isDone = false
    var divided: Int? { 1 }

    mutating func next(_ open: [Int]) throws -> [Int: Attempt] {
      guard !isDone else { return [:] }
      isDone = true
      let decoder = tokenizer.decoder()
      var found: [Int: Attempt] = [:]
      for i in open {
        let target = withoutGradients {
          model.embed([prompts[i].prompt]).hidden[0, at: 0] + attack.eta * direction
        }
        let best = try evolve(
          towards: target, decoder.words, Step(index: i, seed: seed).generator)
        found[i] = Attempt(decoder.text(best), seed: prompts[i].seed)
      }
      return found
    }

    /// - Parameters:
    ///   - target: y [L, D]
    ///   - vocabulary: ids to choose from
    private func evolve(
      towards target: Tensor, _ vocabulary: [Int], _ g: Generator
    ) throws -> [Int] {
      func tokens(_ count: Int) -> [Int] {
        Tensor.randint(below: vocabulary.count, [count], g).ints.map { vocabulary[$0] }
      }
      var pool = (0..<attack.population).map { _ in tokens(length) }
      for generation in 0..<attack.generations {
        try Interrupt.check()
        let fitness = distances(pool, to: target)
        let survivors = pool.indices.sorted { fitness[$0] < fitness[$1] }
          .prefix(attack.population / 2).map { pool[$0] }
        let mates = Tensor.rand([survivors.count], g).doubles
        pool = survivors
        for (i, chance) in mates.enumerated() where chance < attack.crossover {
          let other = survivors[Tensor.randint(below: survivors.count, [1], g).ints[0]]
          let cut = 1 + Tensor.randint(below: max(1, length - 1), [1], g).ints[0]
          pool.append(Array(survivors[i].prefix(cut) + other.dropFirst(cut)))
          pool.append(Array(other.prefix(cut) + survivors[i].dropFirst(cut)))
        }
        guard generation + 1 < attack.generations else { break }
        let changes = Tensor.rand([pool.count], g).doubles
        for (i, chance) in changes.enumerated() where chance < attack.mutation {
          pool[i][Tensor.randint(below: length, [1], g).ints[0]] = tokens(1)[0]
        }
      }
      let fitness = distances(pool, to: target)
      return pool[pool.indices.min { fitness[$0] < fitness[$1] } ?? 0]
    }

    /// | T(p) - y |^2 of each individual.
    private func distances(_ pool: [[Int]], to target: Tensor) -> [Double] {
      withoutGradients {
        let sequences = pool.map { tokenizer.padded(tokenizer.same($0)) }
        return stride(from: 0, to: sequences.count, by: 64).flatMap { first in
          let some = Array(sequences[first..<min(first + 64, sequences.count)])
          let hidden = model.encode(model.wordEmbeddings(some)).hidden
          return (hidden - target).squared().sum(1, 2).doubles
        }
      }
    }
  }
}
