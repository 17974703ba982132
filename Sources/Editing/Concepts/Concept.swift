public import Torch
internal import Training

/// A concept to forget: its name, the prompts that mean it, and the prompts whose pictures they should give instead.
public struct Concept: Codable, Sendable, Hashable {
  /// One way to ask for the concept, and the same request without it.
  public struct Phrase: Codable, Sendable, Hashable {
    public var prompt: String
    /// The words of the prompt that mean the concept.
    public var words: String
    /// The prompt whose picture this one should give instead; empty for nothing in particular.
    public var anchor: String

    public init(_ prompt: String, words: String, anchor: String = "") {
      (self.prompt, self.words, self.anchor) = (prompt, words, anchor)
    }
  }

  public var name: String
  public var phrases: [Phrase]
  /// Whether the anchors are something that was asked for, and not just the rest of the caption.
  public var isReplaced: Bool
  /// Other subjects of the concept's kind, where the model lists them: what a wrong label is drawn from.
  public var siblings: [String] = []
  /// Subjects that take no article; see ``Captions``.
  public var plurals: [String] = []

  public init(_ name: String, phrases: [Phrase], isReplaced: Bool = false) {
    (self.name, self.phrases, self.isReplaced) = (name, phrases, isReplaced)
  }

  /// A concept that is asked for by its name alone and replaced by `replacement`.
  public init(_ name: String, replacement: String = "") {
    self.init(
      name, phrases: [Phrase(name, words: name, anchor: replacement)],
      isReplaced: !replacement.isEmpty)
  }

  public var prompts: [String] { phrases.map(\.prompt) }
}

/// The request; identical for every method.
public struct Erasure: Codable, Sendable, Hashable {
  public var forget: [Concept]
  /// Prompts whose pictures should stay as they are.
  public var preserve: [String]
  /// Folders of pictures with captions, for methods that train on data; see ``CaptionedImages``.
  public var forgetImages: String?
  public var retainImages: String?

  public init(forget: [Concept], preserve: [String] = []) {
    (self.forget, self.preserve) = (forget, preserve)
  }

  /// Whether pictures to forget and to keep are in one folder, told apart by their captions.
  public var isOneFolder: Bool { forgetImages != nil && forgetImages == retainImages }

  /// Whether a caption asks for one of the concepts.
  public func asks(_ caption: String) -> Bool {
    forget.flatMap(\.phrases).contains { $0.prompt == caption || caption.mentions($0.words) }
  }

  /// A caption without the concepts: a phrase's own anchor, else the caption with the words left out.
  public func anchor(of caption: String) -> String {
    if let phrase = forget.flatMap(\.phrases).first(where: { $0.prompt == caption }) {
      return phrase.anchor
    }
    return forget.flatMap(\.phrases).map(\.words).reduce(caption) {
      $0.split(separator: " ").joined(separator: " ").replacing($1, with: "")
    }
  }

  /// The same caption for another subject of the concept's kind at random; without the concept where none is
  /// known, or where something was asked for instead.
  public func otherLabel(of caption: String, _ g: Generator) -> String {
    guard
      let concept = forget.first(where: { c in
        c.phrases.contains { $0.prompt == caption || caption.mentions($0.words) }
      }), !concept.isReplaced, !concept.siblings.isEmpty,
      let words = concept.phrases.first(where: { caption.mentions($0.words) })?.words
    else { return anchor(of: caption) }
    let other = concept.siblings[Tensor.randint(below: concept.siblings.count, [1], g).ints[0]]
    let articled = [words, other].map { Captions.withArticle($0, plurals: concept.plurals) }
    let whole = caption.replacing(articled[0], with: articled[1])
    return whole == caption ? caption.replacing(words, with: other) : whole
  }

  /// Phrases of the concepts at random, `count` for each concept.
  public func drawPhrases(_ count: Int, seed: UInt64) -> [Concept.Phrase] {
    let phrases = forget.flatMap(\.phrases)
    let g = Generator(seed: seed)
    return (0..<(count * forget.count)).map { _ in
      phrases[Tensor.randint(below: phrases.count, [1], g).ints[0]]
    }
  }
}

extension String {
  /// Whether the words occur in the text as whole words: "a line emoji" mentions line, "an airline" does not.
  package func mentions(_ words: String) -> Bool {
    func spaced(_ text: String) -> String {
      " " + text.lowercased().split { !$0.isLetter && !$0.isNumber }.joined(separator: " ") + " "
    }
    return spaced(self).contains(spaced(words))
  }
}
