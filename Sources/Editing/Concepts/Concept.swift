public import Torch

/// A concept to forget: its name, the prompts that mean it, and the prompts whose pictures they should give instead.
public struct Concept: Codable, Sendable, Hashable {
  /// One way to ask for the concept, and the same request without it.
  public struct Phrase: Codable, Sendable, Hashable {
    /// The prompt that asks for the concept.
    public var prompt: String
    /// The words of the prompt that mean the concept.
    public var words: String
    /// The prompt whose picture this one should give instead. Empty asks for no subject.
    public var anchor: String
    /// The same request for a broader concept, the anchor of Concept Ablation; nil takes ``anchor``.
    public var broader: String?

    /// A prompt, its words that mean the concept, and the prompt without it.
    public init(_ prompt: String, words: String, anchor: String = "") {
      (self.prompt, self.words, self.anchor) = (prompt, words, anchor)
    }
  }

  /// The concept's name.
  public var name: String
  /// The ways to ask for the concept.
  public var phrases: [Phrase]
  /// Whether the request names the anchors, which are otherwise the rest of the caption.
  public var isReplaced: Bool
  /// Words in the concept's place in captions of other people; nil leaves the concept's words out.
  public var replacement: String?
  /// Other subjects of the concept's kind, from which a wrong label is drawn.
  public var siblings: [String] = []
  /// Subjects that take no article; see ``Captions``.
  public var plurals: [String] = []
  /// The kind, where the request says it.
  public var kind: ConceptKind?
  /// Subjects near to the concept, and far from it, that the request names; nil takes the siblings by nearness.
  public var related: [String]?
  /// Subjects far from the concept that the request names; nil takes the siblings by nearness.
  public var unrelated: [String]?

  /// A concept with its ways to ask for it.
  public init(_ name: String, phrases: [Phrase], isReplaced: Bool = false) {
    (self.name, self.phrases, self.isReplaced) = (name, phrases, isReplaced)
  }

  /// A concept that is asked for by its name alone and replaced by `replacement`.
  public init(_ name: String, replacement: String = "") {
    self.init(
      name, phrases: [Phrase(name, words: name, anchor: replacement)],
      isReplaced: !replacement.isEmpty)
    self.replacement = replacement.isEmpty ? nil : replacement
  }

  /// The prompts that ask for the concept.
  public var prompts: [String] { phrases.map(\.prompt) }

  /// The phrase that is the name alone, with its anchors. Without one, the anchor is that of all phrases where they
  /// agree.
  package var bareName: Phrase {
    if let own = phrases.first(where: { $0.prompt == $0.words || $0.prompt == name }) { return own }
    let (anchors, broader) = (Set(phrases.map(\.anchor)), Set(phrases.map(\.broader)))
    var phrase = Phrase(
      name, words: name, anchor: replacement ?? (anchors.count == 1 ? anchors.first : nil) ?? "")
    phrase.broader = broader.count == 1 ? broader.first ?? nil : nil
    return phrase
  }

  /// Whether a caption asks for the concept: it is one of its prompts, or mentions its words and not only as part of
  /// another subject's name.
  func isAsked(in caption: String) -> Bool {
    phrases.contains { $0.prompt == caption || caption.mentions($0.words, apartFrom: siblings) }
  }
}

/// The request; identical for every method.
public struct Erasure: Codable, Sendable, Hashable {
  /// The concepts to forget.
  public var forget: [Concept]
  /// Prompts whose pictures should stay as they are.
  public var preserve: [String]
  /// Those of ``preserve`` that come from a list and not from the user: they should change little, without a
  /// guarantee.
  public var regular: [String]?
  /// Folders of pictures with captions, for methods that train on data; see ``CaptionedImages``.
  public var forgetImages: String?
  /// The folder of pictures to keep; nil draws them with the model.
  public var retainImages: String?
  /// The caption that all pictures to forget get; nil changes words of their own captions.
  public var wrongCaption: String?

  /// A request by prompts alone.
  public init(forget: [Concept], preserve: [String] = []) {
    (self.forget, self.preserve) = (forget, preserve)
  }

  /// Whether pictures to forget and to keep are in one folder, told apart by their captions.
  public var isOneFolder: Bool { forgetImages != nil && forgetImages == retainImages }

  /// Whether a caption asks for one of the concepts.
  public func asks(_ caption: String) -> Bool {
    forget.contains { $0.isAsked(in: caption) }
  }

  /// A caption without the concepts: a phrase's own anchor, else the caption with the words replaced or left out.
  public func anchor(of caption: String) -> String {
    if let wrongCaption { return wrongCaption }
    for concept in forget {
      if let phrase = concept.phrases.first(where: { $0.prompt == caption }) {
        return without(forget.filter { $0 != concept }, phrase.anchor)
      }
    }
    return without(forget, caption)
  }

  /// A text with the words of some concepts replaced or left out.
  private func without(_ concepts: [Concept], _ text: String) -> String {
    concepts.reduce(text) { text, concept in
      let words = Set(concept.phrases.map(\.words)).sorted { ($0.count, $0) > ($1.count, $1) }
      return words.reduce(text) {
        guard let other = concept.replacement else {
          return $0.without($1, apartFrom: concept.siblings)
        }
        return $0.replacing(
          mentionsOf: $1, with: other, plurals: concept.plurals, apartFrom: concept.siblings)
      }
    }
  }

  /// The same caption for another subject of the concept's kind at random; without the concept where none is
  /// known, or with the replacement that the request names. No other concept to forget is left in it.
  public func otherLabel(of caption: String, _ g: Generator) -> String {
    guard wrongCaption == nil,
      let asked = forget.first(where: { $0.isAsked(in: caption) }),
      let label = sibling(of: asked, in: caption, g)
    else { return anchor(of: caption) }
    return forget.reduce(label) { label, concept in
      guard concept != asked, concept.isAsked(in: label) else { return label }
      return sibling(of: concept, in: label, g) ?? without([concept], label)
    }
  }

  /// A caption with a sibling in the concept's place; nil where none is known or the request names a replacement.
  private func sibling(of concept: Concept, in caption: String, _ g: Generator) -> String? {
    guard !concept.isReplaced, case let others = concept.siblings.filter({ !asks($0) }),
      !others.isEmpty,
      let words = concept.phrases.first(where: {
        caption.mentions($0.words, apartFrom: concept.siblings)
      })?.words
    else { return nil }
    let other = others[Tensor.randint(below: others.count, [1], g).ints[0]]
    return caption.replacing(
      mentionsOf: words, with: other, plurals: concept.plurals, apartFrom: concept.siblings)
  }

  /// `count` prompts, of each concept in turn; those of a concept are its own in a random order.
  package func promptsInTurn(_ count: Int, _ g: Generator) -> [String] {
    let own = forget.map { concept in
      Tensor.permutation(concept.prompts.count, g).map { concept.prompts[$0] }
    }.filter { !$0.isEmpty }
    guard !own.isEmpty else { return [] }
    return (0..<count).map { i in own[i % own.count][i / own.count % own[i % own.count].count] }
  }

  /// Phrases of each concept at random, `count` of each, however many each has.
  public func drawPhrases(_ count: Int, seed: UInt64) -> [Concept.Phrase] {
    let g = Generator(seed: seed)
    return forget.flatMap { concept in
      concept.phrases.isEmpty
        ? []
        : (0..<count).map { _ in
          concept.phrases[Tensor.randint(below: concept.phrases.count, [1], g).ints[0]]
        }
    }
  }
}
