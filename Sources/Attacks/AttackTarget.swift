// The part of an erased model that an attack may use. Each kind of access is a type of its own. An attack names its
// target's type, and the type has nothing beyond that access.
public import Diffusion
public import Editing
public import Torch
internal import Training

/// The kind of access that an attack has to its victim.
public enum Access: String, Codable, Sendable, CaseIterable {
  /// Pictures for prompts.
  case blackBox = "black box"
  /// Also predictions for prompts as embeddings, which can be differentiated by them.
  case embedding
  /// Also weights and gradients.
  case whiteBox = "white box"
  /// Also to change the weights.
  case weights
}

/// The knowledge that everybody has: the original model with its tokenizer, the pictures that it draws, and the
/// concepts that were erased.
public struct AttackKnowledge {
  /// The original model.
  public let original: DiffusionModel
  /// The original's tokenizer.
  public let tokenizer: PromptTokenizer
  /// The concepts that the victim was to forget.
  public let concepts: [Concept]
  private let picture: (AttackedPrompt) throws -> Image

  package init(
    original: DiffusionModel, tokenizer: PromptTokenizer, concepts: [Concept],
    picture: @escaping (AttackedPrompt) throws -> Image
  ) {
    (self.original, self.tokenizer) = (original, tokenizer)
    (self.concepts, self.picture) = (concepts, picture)
  }

  /// The original's picture of a prompt, as latents [1, C, h, w].
  public func target(_ prompt: AttackedPrompt) throws -> Tensor {
    let x = try picture(prompt).tensor.to(original.device)
    return try withoutGradients { try original.codec.encode(x, nil) }
  }

  /// Whether `count` more tokens fit into the prompt.
  public func hasRoom(
    _ prompt: String, for count: Int, _ placement: TokenPlacement = .prefix
  ) -> Bool {
    placement.length(tokenizer.words(prompt), count) <= tokenizer.length - 2
  }
}

/// An erased model and the public knowledge about it. The driver makes targets from it. No attack sees it.
public struct Victim {
  package let model: DiffusionModel
  package let known: AttackKnowledge

  /// Prompts that an attack differentiates at once, by its own default.
  package static let most = 16

  /// - Parameter picture: the original's picture of a prompt
  /// - Throws: ``LetheError`` of the kind `request` for a model that takes no text
  package init(
    _ model: DiffusionModel, original: DiffusionModel, concepts: [Concept],
    picture: @escaping (AttackedPrompt) throws -> Image
  ) throws {
    self.model = model
    // Attacks differentiate predictions of a batch of prompts.
    model.unet.recomputes = model.recomputes(pictures: model.batch(atMost: Self.most))
    known = AttackKnowledge(
      original: original, tokenizer: try model.tokenizer(for: "an attack by prompts"),
      concepts: concepts, picture: picture)
  }

  /// Pictures of attempts, drawn by the victim, or by `model` where a session made one of it.
  func images(
    of attempts: [Attempt], by model: DiffusionModel?, _ sampling: SamplingOptions
  ) throws -> [Image] {
    let drawer = model ?? self.model
    return try drawer.images(
      given: conditioning(for: attempts, by: drawer), seeds: attempts.map(\.seed), sampling,
      progress: Interrupt.checkStep)
  }

  /// The conditioning for attempts, each text or text with a new word, by the victim's text encoders or, where a
  /// session made another model of it, by that one's.
  package func conditioning(for attempts: [Attempt], by drawer: DiffusionModel? = nil) throws
    -> Conditioning
  {
    let model = drawer ?? self.model
    return try withoutGradients {
      Conditioning.concatenate(
        try attempts.map { attempt in
          guard let vector = attempt.vector else { return model.embed([attempt.prompt]) }
          let places = try NewWordPrompts([attempt.prompt], EmbeddingTarget(self))
          return model.encode(places.rows([0], with: Tensor(vector).to(model.device)))
        })
    }
  }
}

/// The part of a victim that an attack sees.
public protocol AttackTarget {
  /// The access that such a target gives.
  static var access: Access { get }
  /// The knowledge that everybody has.
  var known: AttackKnowledge { get }
  /// The part of a victim that this type names.
  init(_ victim: Victim)
}

extension AttackTarget {
  /// The original model.
  public var original: DiffusionModel { known.original }
  /// The original's tokenizer.
  public var tokenizer: PromptTokenizer { known.tokenizer }
  /// The concepts that the victim was to forget.
  public var concepts: [Concept] { known.concepts }
  /// The original's picture of a prompt, as latents [1, C, h, w].
  public func target(_ prompt: AttackedPrompt) throws -> Tensor { try known.target(prompt) }
}

/// A target without access to the victim: the attack proposes attempts, and the driver draws them.
public struct BlackBoxTarget: AttackTarget {
  public static let access = Access.blackBox
  public let known: AttackKnowledge
  public init(_ victim: Victim) { known = victim.known }
}

/// The victim's table of words, and its predictions for embeddings of words.
public struct EmbeddingTarget: AttackTarget {
  public static let access = Access.embedding
  public let known: AttackKnowledge
  private let victim: DiffusionModel
  public init(_ victim: Victim) { (known, self.victim) = (victim.known, victim.model) }

  /// The victim's word embeddings of B prompts of L ids: [B, L, D]
  public func wordEmbeddings(_ ids: [PromptTokens]) -> Tensor {
    withoutGradients { victim.wordEmbeddings(ids) }
  }

  /// The victim's prediction for word embeddings [B, L, D]; gradients reach those alone.
  public func predict(_ xt: Tensor, at t: Tensor, given embeddings: Tensor) -> Tensor {
    victim.predict(xt, at: t, given: victim.encode(embeddings))
  }
}

/// The victim's weights, which the attack may read and differentiate.
public struct WhiteBoxTarget: AttackTarget {
  public static let access = Access.whiteBox
  public let known: AttackKnowledge
  /// The victim.
  public let model: DiffusionModel
  public init(_ victim: Victim) { (known, model) = (victim.known, victim.model) }
}

/// The victim's weights, from which the attack may make another model.
public struct WeightsTarget: AttackTarget {
  public static let access = Access.weights
  public let known: AttackKnowledge
  /// The victim.
  public let model: DiffusionModel
  public init(_ victim: Victim) { (known, model) = (victim.known, victim.model) }
}
