public import Diffusion
public import Editing
public import Torch

/// How much of its victim an attack needs.
public enum Access: String, Codable, Sendable, CaseIterable {
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
public struct AttackCard: Codable, Sendable, Hashable {
  public var title: String
  public var paper: String
  public var year: Int
  public var access: Access
  /// Whether its attempts are the same for every victim, so that they can be kept.
  public var transfers: Bool
  public init(title: String, paper: String, year: Int, access: Access, transfers: Bool = false) {
    (self.title, self.paper, self.year) = (title, paper, year)
    (self.access, self.transfers) = (access, transfers)
  }
}

/// A prompt for the erased concept, and the seed of its picture.
public struct AttackedPrompt: Sendable, Hashable {
  public var prompt: String
  public var seed: UInt64
  public init(_ prompt: String, seed: UInt64) { (self.prompt, self.seed) = (prompt, seed) }
}

/// An attempt at a prompt: text as a user would type it, and a seed.
public struct Attempt: Codable, Sendable, Hashable {
  /// Stands in a prompt for a word that no vocabulary has.
  public static let newWord = "<new>"

  public var prompt: String
  public var seed: UInt64
  /// The embedding of ``newWord`` [D], from attacks with access to embeddings.
  public var vector: [Float]?
  public init(_ prompt: String, seed: UInt64, vector: [Float]? = nil) {
    (self.prompt, self.seed, self.vector) = (prompt, seed, vector)
  }
}

/// The model under attack, as far as the attack's access allows; and what everybody can download,
/// the original model with its tokenizer and the pictures it draws.
public struct AttackTarget {
  private let victim: DiffusionModel
  private let access: Access
  private let picture: (AttackedPrompt) throws -> Image
  public let original: DiffusionModel
  public let tokenizer: PromptTokenizer
  /// The concepts that the victim was to forget.
  public let concepts: [Concept]

  /// - Parameter picture: the original's picture of a prompt
  public init(
    _ victim: DiffusionModel, original: DiffusionModel, concepts: [Concept], access: Access,
    picture: @escaping (AttackedPrompt) throws -> Image
  ) throws {
    (self.victim, self.original, self.concepts) = (victim, original, concepts)
    (self.access, self.picture) = (access, picture)
    tokenizer = try victim.tokenizer(for: "an attack by prompts")
    // Attacks differentiate predictions, whose activations are what a large model's memory goes to.
    victim.unet.recomputes = victim.isLarge
  }

  /// The victim itself.
  /// - Throws: ``LetheError`` for an attack that did not declare to need it
  public func model() throws -> DiffusionModel {
    guard access == .whiteBox || access == .weights else { throw refusing("the weights") }
    return victim
  }

  /// The victim's word embeddings of B prompts of L ids: [B, L, D]
  /// - Throws: ``LetheError`` for an attack that did not declare to need them
  public func wordEmbeddings(_ ids: [PromptTokens]) throws -> Tensor {
    guard access != .blackBox else { throw refusing("embeddings") }
    return withoutGradients { victim.wordEmbeddings(ids) }
  }

  /// The victim's prediction for word embeddings [B, L, D]; gradients reach those alone.
  public func predict(_ xt: Tensor, at t: Tensor, given embeddings: Tensor) throws -> Tensor {
    guard access != .blackBox else { throw refusing("embeddings") }
    return victim.predict(xt, at: t, given: victim.encode(embeddings))
  }

  /// The victim's conditioning for a prompt, as its picture would be drawn.
  func embedded(_ prompt: String) -> Conditioning { victim.embed([prompt]) }
  func encoded(_ embeddings: Tensor) -> Conditioning { victim.encode(embeddings) }

  /// The original's picture of a prompt, as latents [1, C, h, w].
  public func target(_ prompt: AttackedPrompt) throws -> Tensor {
    let x = try picture(prompt).tensor.to(original.device)
    return withoutGradients { original.codec.encode(x, nil) }
  }

  /// Whether `count` more tokens fit into the prompt.
  public func hasRoom(
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
public protocol AttackSession {
  /// The next attempt for each of the prompts that are still open; a prompt without one is given up.
  mutating func next(_ open: [Int]) throws -> [Int: Attempt]
  /// The model that draws the attempts; nil for the victim as it was.
  var model: DiffusionModel? { get }
}

extension AttackSession {
  public var model: DiffusionModel? { nil }
}

/// A way to get an erased concept back. Tested is what it says, drawn by the victim: the driver asks a judge
/// after every round and closes a prompt at its first success.
public protocol Attack: Codable, Sendable {
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
  public func canAttack(_ prompt: AttackedPrompt, _ target: AttackTarget) -> Bool { true }
}
