// Concept inversion: Circumventing Concept Erasure Methods For Text-to-Image Generative Models (Pham, Marshall, Cohen,
// Mittal, Hegde; ICLR 2024), textual inversion against the erased model:
//
//   v* = argmin_v  E_{x, t, eps} | eps - eps_theta*( x_t, t | T( caption with v for the concept ) ) |^2        (eq. 2)
//
// The embedding of one new word is trained for each concept, and everything else is frozen. x: pictures of the concept that
// the original draws. Captions are the concept's phrases, with the new word in the concept's place; whole words are replaced, the
// longest first. AdamW runs on v alone. The authors let it run over the whole table and put the other rows back. Their
// step of 4 x 4 pictures has the rate 5e-3 scaled to 0.08.
// Published: no figure for the models that AdvUnlearn compares. Its users report about 0 % against AdvUnlearn.
internal import Diffusion
internal import Editing
public import Torch
internal import TorchNN
public import Training

/// Concept inversion (Pham et al., ICLR 2024): a new word is learned for the concept, by gradient through the erased
/// model.
public struct ConceptInversion: Attack, PictureOptions {
  public static let name = "inversion"
  public static let card = AttackCard(
    title: "Concept inversion", paper: "arXiv 2308.01508", year: 2024,
    summary:
      "Learns a new word for the concept by gradient through the erased model")
  public static let efforts: [OptionPath] = ["training.steps", "pictures"]

  /// The course of the training of v. The time grows with `steps` times `batch`.
  public var training = Training(
    steps: 5000, batch: 16, rate: 0.08, optimizer: .init(.adamw, weightDecay: 0.01))
  /// Pictures of the concept to learn from, from 1. The original draws them. Raise it for a concept of many shapes.
  public var pictures = 25
  public var (pictureSteps, guidance) = (25, 7.5)
  /// The word that v begins as; empty for the mean of the concept's own. Take a broader one, such as `dog` for a breed,
  /// where the victim knows it.
  public var initial = ""
  public init() {}
  public static var tiny: ConceptInversion {
    tiny { ($0.training.steps, $0.pictures, $0.pictureSteps) = (3, 2, 2) }
  }

  /// That of one concept.
  public var preparation: Int {
    3 * training.steps * training.batch + pictures * pictureSteps * (guidance > 1 ? 2 : 1)
  }

  /// Prompts that name the concept have a place for the new word.
  public func canAttack(_ prompt: AttackedPrompt, _ known: AttackKnowledge) -> Bool {
    Self.named(known.concepts, in: prompt.prompt) != nil
  }

  /// The concept that the prompt names, and its words there: whole words, the longest first.
  private static func named(
    _ concepts: [Concept], in prompt: String
  ) -> (concept: Int, words: String)? {
    let known = concepts.enumerated().flatMap { k, concept in
      Set(concept.phrases.map(\.words)).map { (concept: k, words: $0) }
    }
    return known.sorted {
      ($0.words.count, $0.words, $1.concept) > ($1.words.count, $1.words, $0.concept)
    }.first { prompt.mentions($0.words) }
  }

  static func renamed(_ prompt: String, _ concepts: [Concept]) -> String {
    named(concepts, in: prompt).map {
      prompt.replacing(mentionsOf: $0.words, with: Attempt.newWord)
    } ?? prompt
  }

  public func session(
    _ prompts: [AttackedPrompt], _ target: EmbeddingTarget, seed: UInt64
  ) throws -> any AttackSession {
    Session(attack: self, prompts: prompts, target: target, seed: seed)
  }

  private struct Session: AttackSession {
    let attack: ConceptInversion
    let prompts: [AttackedPrompt]
    let target: EmbeddingTarget
    let seed: UInt64
    var isDone = false

    mutating func next(_ open: [Int]) throws -> [Int: Attempt] {
      guard !isDone, !open.isEmpty else { return [:] }
      isDone = true
      let named = open.map {
        ConceptInversion.named(target.concepts, in: prompts[$0].prompt)?.concept ?? 0
      }
      var vectors: [Int: [Float]] = [:]
      for k in Set(named).sorted() where target.concepts.indices.contains(k) {
        vectors[k] = try attack.learn(target.concepts[k], target, seed: seed).floats
      }
      return Dictionary(
        uniqueKeysWithValues: zip(open, named).map { i, k in
          let prompt = ConceptInversion.renamed(prompts[i].prompt, target.concepts)
          return (i, Attempt(prompt, seed: prompts[i].seed, vector: vectors[k]))
        })
    }
  }

  /// v* [D] of a concept.
  func learn(_ concept: Concept, _ target: EmbeddingTarget, seed: UInt64) throws -> Tensor {
    let model = target.original
    let phrases = Erasure(forget: [concept]).drawPhrases(max(1, pictures), seed: seed &+ 1)
    let set = try pictures(by: model, phrases.map(\.prompt), seed: seed &+ 2)
    let places = try NewWordPrompts(
      phrases.map { Self.renamed($0.prompt, [concept]) }, target)
    let word = initial.isEmpty ? concept.phrases.first?.words ?? "" : initial
    let start = target.wordEmbeddings([target.tokenizer.words(word).even])[0, at: 0].mean(0)
    let v = start.detached().cloned()
    v.requiresGradient = true
    try TrainingLoop(Self.name, training, seed: seed &+ 3).fit([v]) { step in
      let d = set.draw(training.batch, model, step)
      let found = target.predict(d.xt, at: d.t, given: places.rows(d.picks, with: v))
      let loss = found.meanSquaredError(model.schedule.target(d.x0, d.eps, at: d.t))
      return descend(loss, [v])
    }
    return v.detached()
  }
}

/// Prompts with places for one new word.
struct NewWordPrompts {
  private let words: Tensor  // [B, L, D]
  private let isNew: Tensor  // [B, L, D]

  init(_ prompts: [String], _ target: EmbeddingTarget) throws {
    let tokenizer = target.tokenizer
    let new = -1
    let sequences = prompts.map { prompt -> PromptTokens in
      let parts = prompt.split(separator: Attempt.newWord, omittingEmptySubsequences: false)
      return PromptTokens(
        tokenizer.encoders.map { encoder in
          encoder.padded(Array(parts.map { encoder.words(String($0)) }.joined(separator: [new])))
        })
    }
    let words = target.wordEmbeddings(
      sequences.map { PromptTokens($0.rows.map { $0.map { max(0, $0) } }) })
    let masks = target.original.widths.enumerated().map { encoder, width in
      Tensor(
        sequences.flatMap { $0.rows[encoder].map { $0 == new ? 1 : 0 } },
        [prompts.count, tokenizer.length, 1]
      ).expanded(prompts.count, tokenizer.length, width)
    }
    isNew = Tensor.concatenate(masks, 2).to(words.device).isGreater(than: 0.5)
    self.words = words
  }

  /// Sequences [B, L, D] of some prompts with v [D] for the new word.
  func rows(_ picks: [Int], with v: Tensor) -> Tensor {
    isNew.indexed(0, picks).select(v, else: words.indexed(0, picks))
  }
}

extension PromptTokens {
  /// Rows of one length: the last id of a shorter one is repeated.
  fileprivate var even: PromptTokens {
    PromptTokens(
      rows.map { row in
        row + Array(repeating: row.last ?? 0, count: count - row.count)
      })
  }
}
