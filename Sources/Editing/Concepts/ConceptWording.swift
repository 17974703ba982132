// Concepts in words of the user's own: the kind that a name has, prompts and anchors given by hand.
internal import Foundation
internal import Torch
public import Training

/// The words of a request on a concept beyond its name. The kind, or the model, supplies the others.
public struct ConceptWording: Codable, Sendable, Hashable {
  /// The kind of a concept that the model does not list. It brings prompts, anchors, siblings and prompts to keep.
  public var kind: ConceptKind?
  /// The words that take the name's place in prompts without the concept; a whole prompt for styles and artists.
  public var anchor: String?
  /// Prompts that ask for the concept, in the place of those of its kind.
  public var prompts: [String]
  /// Subjects near to the concept, in the place of its siblings.
  public var related: [String]
  /// Subjects far from it.
  public var unrelated: [String]

  /// Words of a request; without any, the model and the kind supply them.
  public init(
    kind: ConceptKind? = nil, anchor: String? = nil, prompts: [String] = [],
    related: [String] = [], unrelated: [String] = []
  ) {
    (self.kind, self.anchor, self.prompts) = (kind, anchor, prompts)
    (self.related, self.unrelated) = (related, unrelated)
  }

  /// Whether the request says nothing beyond the name.
  public var isEmpty: Bool { self == ConceptWording() }
}

extension Concept {
  /// The name under which a request's concept is known: as the model lists it, else without its article.
  public static func name(of text: String, in themes: Themes?) -> String {
    let trimmed = text.trimmingCharacters(in: .whitespacesAndNewlines)
    return themes?.spelled(trimmed) ?? SubjectName(trimmed).words
  }

  /// - Throws: ``LetheError`` of the kind `request` for a name of several lines, or with characters that no line shows
  package static func refuseControls(in text: String) throws {
    let name = text.trimmingCharacters(in: .whitespacesAndNewlines)
    guard name.printable() != name else { return }
    throw LetheError.badValue(
      "--concept",
      "'\(name.printable())' has a line break or a control character; accepted: words in one line")
  }

  /// The concept that a name means for a model, in the words of a request.
  /// - Throws: ``LetheError`` of the kind `request` for a kind that the model contradicts, and for a prompt that
  ///   does not mention the concept
  public static func resolve(
    _ text: String, in themes: Themes?, replacement: String?, _ wording: ConceptWording
  ) throws -> Concept {
    try refuseControls(in: text)
    let name = name(of: text, in: themes)
    let listed = themes?.find(name)
    if let listed, let kind = wording.kind, kind.rawValue != listed.kind.rawValue {
      throw LetheError.badValue(
        "--kind",
        "'\(kind.rawValue)', but the model lists '\(name)' as \(listed.kind.rawValue); leave --kind out"
      )
    }
    let kind = wording.kind ?? listed.flatMap { ConceptKind(rawValue: $0.kind.rawValue) }
    let subject = SubjectName(listed?.name ?? name, kind)
    var concept = resolve(name, in: themes, replacement: replacement)
    /// The prompt without the concept, or with the words in its place.
    func anchor(of prompt: String) -> String {
      guard let other = replacement ?? wording.anchor else { return prompt.without(subject.words) }
      return replacement == nil && kind?.anchorsWholePrompts == true
        ? other
        : prompt.replacing(mentionsOf: subject.words, with: other, plurals: concept.plurals)
    }
    if listed == nil, let kind = wording.kind {
      (concept.kind, concept.siblings) = (kind, kind.siblings(of: subject))
      concept.plurals = concept.siblings.filter { SubjectName($0).withArticle == $0 }
    }
    if !wording.prompts.isEmpty {
      concept.phrases = try wording.prompts.map { text in
        let prompt = ConceptTemplate(parsing: text).filled(with: subject)
        guard prompt.mentions(subject.words) else {
          throw LetheError.badValue(
            "--prompt", "'\(prompt)' does not mention '\(subject.words)'; accepted: prompts that do"
          )
        }
        return Phrase(prompt, words: subject.words, anchor: anchor(of: prompt))
      }
    } else if listed == nil, let kind = wording.kind {
      concept.phrases = kind.trainingTemplates.map {
        kind.phrase($0, subject, wording.anchor, replacement)
      }
    } else if replacement == nil, wording.anchor != nil {
      for i in concept.phrases.indices {
        concept.phrases[i].anchor = anchor(of: concept.phrases[i].prompt)
      }
    }
    if !wording.related.isEmpty {
      (concept.siblings, concept.related) = (wording.related, wording.related)
    }
    if !wording.unrelated.isEmpty { concept.unrelated = wording.unrelated }
    // In captions of other people, the anchor takes the name's place.
    if replacement == nil, kind?.anchorsWholePrompts != true {
      concept.replacement = wording.anchor
    }
    return concept
  }
}

extension ConceptKind {
  /// A prompt of the kind with its anchors.
  fileprivate func phrase(
    _ template: ConceptTemplate, _ subject: SubjectName, _ anchor: String?, _ replacement: String?
  ) -> Concept.Phrase {
    let prompt = template.filled(with: subject)
    if let replacement {
      return .init(prompt, words: subject.words, anchor: template.filled(withWords: replacement))
    }
    if let anchor {
      let other = anchorsWholePrompts ? anchor : template.filled(withWords: anchor)
      return .init(prompt, words: subject.words, anchor: other)
    }
    var phrase = Concept.Phrase(prompt, words: subject.words, anchor: template.rest)
    let broader = broader(than: subject)
    phrase.broader =
      !anchorsWholePrompts
      ? template.broader(broader) : template.rest.isEmpty ? broader.withArticle : template.rest
    return phrase
  }

  /// Subjects of the kind that are another thing than the one named.
  fileprivate func siblings(of subject: SubjectName) -> [String] {
    knownSubjects.filter { !$0.mentions(subject.words) && !subject.words.mentions($0) }
  }
}

extension ConceptTemplate {
  /// The prompt for words of the user's own. A prompt of the name alone is those words, with the article that they
  /// have.
  fileprivate func filled(withWords words: String) -> String {
    text == "{name}" ? words : filled(with: SubjectName(words))
  }

  /// The prompt for a broader concept, which keeps the article that it brings.
  fileprivate func broader(_ name: SubjectName) -> String {
    text.replacing("{name}", with: name.withArticle).replacing("{a}", with: name.withArticle)
  }
}

extension String {
  /// The text without some words and their article, and without prepositions at its ends. An article stays with a noun
  /// that follows: "a noto emoji" becomes "an emoji", "a fox in the snow" becomes "the snow".
  /// - Parameter names: names that the words may be a part of, which stay
  package func without(_ words: String, apartFrom names: [String] = []) -> String {
    let mark = "\u{1}"
    let articles = ["a", "an", "the"]
    let loose = articles + ["of", "by", "in", "on", "with", "from", "and"]
    var parts: [Substring] = []
    let marked = replacing(mentionsOf: words, with: mark, apartFrom: names)
    guard marked != self else { return self }
    let pieces = marked.split(whereSeparator: \.isWhitespace)
    for (i, part) in pieces.enumerated() {
      if !part.contains(mark) {
        parts.append(part)
      } else if let last = parts.last, articles.contains(last.lowercased()) {
        parts.removeLast()
        guard part == mark, i + 1 < pieces.count, Self.isNoun(pieces[i + 1], apartFrom: loose)
        else { continue }
        let isDefinite = last.lowercased() == "the"
        let article = isDefinite ? "the" : SubjectName.indefinite(String(pieces[i + 1]))
        let word = article.trimmingCharacters(in: .whitespaces)
        parts.append(last.first?.isUppercase == true ? Substring(word.capitalized) : word[...])
      }
    }
    while let last = parts.last, loose.contains(last.lowercased()) { parts.removeLast() }
    while let first = parts.first, loose.dropFirst(3).contains(first.lowercased()) {
      parts.removeFirst()
    }
    return parts.joined(separator: " ")
  }

  /// Whether a word looks like one that takes an article: no word of grammar, no verb, no plural.
  private static func isNoun(_ text: Substring, apartFrom loose: [String]) -> Bool {
    let word = text.lowercased().trimmingCharacters(in: .punctuationCharacters)
    let pictures = ["painting", "drawing", "etching", "engraving", "rendering", "building"]
    let grammar = [
      "to", "at", "for", "under", "over", "near", "next", "behind", "beside", "between", "inside",
      "that", "which", "who", "is", "was", "as", "or", "but", "while", "up", "down", "into", "onto",
      "through", "against", "among", "like", "without",
    ]
    guard !loose.contains(word), !grammar.contains(word), word.first?.isLetter == true else {
      return false
    }
    if pictures.contains(word) { return true }
    let isVerb = word.count > 5 && ["ing", "ed", "ly"].contains(where: word.hasSuffix)
    return !isVerb && SubjectName(word).withArticle != word
  }
}
