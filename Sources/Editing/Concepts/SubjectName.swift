// Names as they stand in prompts: "fox", "a fox" and "A fox" are one name.

/// A name, and the article that it takes in a sentence.
package struct SubjectName: Sendable, Hashable {
  /// The name without an article.
  package let words: String
  /// The name with the article that suits it: "a fox", "the Eiffel Tower", "grapes", "Pikachu".
  package let withArticle: String

  /// - Parameter kind: the kind of concept. A style loses the word "style" at its end, and content gets no article.
  package init(_ text: String, _ kind: ConceptKind? = nil) {
    var parts = text.split(whereSeparator: \.isWhitespace).map(String.init)
    var article: String?
    if parts.count > 1, let first = parts.first?.lowercased(), ["a", "an", "the"].contains(first) {
      article = first
      parts.removeFirst()
    }
    if kind == .style, parts.count > 1, parts.last?.lowercased() == "style" { parts.removeLast() }
    words = parts.joined(separator: " ")
    withArticle =
      switch article {
      case "the": "the \(words)"
      case .some: Self.indefinite(words) + words
      case nil:
        kind != .content && Self.takesArticle(parts) ? Self.indefinite(words) + words : words
      }
  }

  /// The name with "a" or "an".
  package var withIndefiniteArticle: String { Self.indefinite(words) + words }

  /// Whether a name without an article is that of one thing among others: no proper name and no plural.
  private static func takesArticle(_ parts: [String]) -> Bool {
    guard let last = parts.last, last.first?.isUppercase != true else { return false }
    let singular =
      ["ss", "us", "is"].contains { last.hasSuffix($0) } && !KnownSubjects.plurals.contains(last)
    return !KnownSubjects.uncountable.contains(last) && (singular || !last.hasSuffix("s"))
  }

  /// "a " or "an ", by the first sound.
  static func indefinite(_ words: String) -> String {
    let lower = words.lowercased()
    if ["uni", "use", "euro", "one"].contains(where: lower.hasPrefix) { return "a " }
    if ["hour", "honest", "heir"].contains(where: lower.hasPrefix) { return "an " }
    return "aeiou".contains(lower.first ?? " ") ? "an " : "a "
  }
}
