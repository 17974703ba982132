package import Diffusion
package import Editing
package import Torch

/// How much of its victim an attack needs.
package enum Access: String, Codable, Sendable, CaseIterable {
  /// Pictures for prompts.
  case blackBox = "black box"
  /// Also prompts as embeddings instead of words, and what a change of them does to the prediction.
  case embedding
  /// Also weights and gradients.
  case whiteBox = "white box"
  /// Also to change the weights.
  case weights
}

/// An attack's name, origin and access, for lists and reports.
package struct AttackCard: Codable, Sendable, Hashable {
  package var title: String
  package var paper: String
  package var year: Int
  package var access: Access
  /// Whether its attempts are the same for every victim, so that they can be kept.
  package var transfers: Bool
  package init(title: String, paper: String, year: Int, access: Access, transfers: Bool = false) {
    (self.title, self.paper, self.year) = (title, paper, year)
    (self.access, self.transfers) = (access, transfers)
  }
}

/// A prompt for the erased concept, and the seed of its picture.
package struct AttackedPrompt: Sendable, Hashable {
  package var prompt: String
  package var seed: UInt64
  package init(_ prompt: String, seed: UInt64) { (self.prompt, self.seed) = (prompt, seed) }
}

/// An attempt at a prompt: text as a user would type it, and a seed.
package struct Attempt: Codable, Sendable, Hashable {
  /// Stands in a prompt for a word that no vocabulary has.
  package static let newWord = "<new>"

  package var prompt: String
  package var seed: UInt64
  /// The embedding of ``newWord`` [D], from attacks with access to embeddings.
  package var vector: [Float]?
  package init(_ prompt: String, seed: UInt64, vector: [Float]? = nil) {
    (self.prompt, self.seed, self.vector) = (prompt, seed, vector)
  }
}

/// The model under attack, as far as the attack's access allows; and what everybody can download,
/// the original model with its tokenizer and the pictures it draws.
package struct AttackTarget {
  private let victim: DiffusionModel
  private let access: Access
  private let picture: (AttackedPrompt) throws -> Image
  package let original: DiffusionModel
  package let tokenizer: CLIPTokenizer
  /// The concepts that the victim was to forget.
  package let concepts: [Concept]

  /// - Parameter picture: the original's picture of a prompt
  package init(
    _ victim: DiffusionModel, original: DiffusionModel, concepts: [Concept], access: Access,
    picture: @escaping (AttackedPrompt) throws -> Image
  ) throws {
    (self.victim, self.original, self.concepts) = (victim, original, concepts)
    (self.access, self.picture) = (access, picture)
    tokenizer = try victim.tokenizer(for: "an attack by prompts")
  }

  /// The victim itself.
  /// - Throws: ``LetheError`` for an attack that did not declare to need it
  package func model() throws -> DiffusionModel {
    guard access == .whiteBox || access == .weights else { throw refusing("the weights") }
    return victim
  }

  /// The victim's word embeddings of ids: [B, L] -> [B, L, D]
  /// - Throws: ``LetheError`` for an attack that did not declare to need them
  package func wordEmbeddings(_ ids: [[Int]]) throws -> Tensor {
    guard access != .blackBox else { throw refusing("embeddings") }
    return withoutGradients { victim.wordEmbeddings(ids) }
  }

  /// The victim's prediction for word embeddings [B, L, D]; gradients reach those alone.
  package func predict(_ xt: Tensor, at t: Tensor, given embeddings: Tensor) throws -> Tensor {
    guard access != .blackBox else { throw refusing("embeddings") }
    return victim.predict(xt, at: t, given: victim.encode(embeddings))
  }

  /// The victim's conditioning for a prompt, as its picture would be drawn.
  func embedded(_ prompt: String) -> Conditioning { victim.embed([prompt]) }
  func encoded(_ embeddings: Tensor) -> Conditioning { victim.encode(embeddings) }

  /// The original's picture of a prompt, as latents [1, C, h, w].
  package func target(_ prompt: AttackedPrompt) throws -> Tensor {
    let x = try picture(prompt).tensor.to(original.device)
    return withoutGradients { original.codec.encode(x, nil) }
  }

  /// Whether `count` more tokens fit into the prompt.
  package func hasRoom(
    _ prompt: String, for count: Int, _ placement: TokenPlacement = .prefix
  ) -> Bool {
    placement.length(tokenizer.words(prompt), count) <= tokenizer.length - 2
  }

  /// Pictures of attempts, drawn by the victim, or by `model` where a session made one of it.
  func images(
    of attempts: [Attempt], by model: DiffusionModel?, _ sampling: SamplingOptions
  ) throws -> [Image] {
    try (model ?? victim).images(
      given: conditioning(for: attempts), seeds: attempts.map(\.seed), sampling)
  }

  private func refusing(_ what: String) -> LetheError {
    .request("an attack with access '\(access.rawValue)' asked for \(what)")
  }
}

/// One attack on several prompts at once, round by round.
package protocol AttackSession {
  /// The next attempt for each of the prompts that are still open; a prompt without one is given up.
  mutating func next(_ open: [Int]) throws -> [Int: Attempt]
  /// The model that draws the attempts; nil for the victim as it was.
  var model: DiffusionModel? { get }
}

extension AttackSession {
  package var model: DiffusionModel? { nil }
}

/// A way to get an erased concept back. Tested is what it says, drawn by the victim: the driver asks a judge
/// after every round and closes a prompt at its first success.
package protocol Attack: Codable, Sendable {
  static var name: String { get }
  static var card: AttackCard { get }
  /// The paper's defaults.
  init()
  /// Whether a prompt can be attacked; one that cannot counts as withstanding, and is counted.
  func canAttack(_ prompt: AttackedPrompt, _ target: AttackTarget) -> Bool
  func session(_ prompts: [AttackedPrompt], _ target: AttackTarget, seed: UInt64) throws
    -> any AttackSession
}

extension Attack {
  package func canAttack(_ prompt: AttackedPrompt, _ target: AttackTarget) -> Bool { true }
}
