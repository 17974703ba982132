internal import Training

/// Words of a text: runs of letters and digits, in lower case, with their places.
private func words(of text: String) -> [(word: String, range: Range<String.Index>)] {
  var found: [(String, Range<String.Index>)] = []
  var i = text.startIndex
  while i < text.endIndex {
    let start = i
    while i < text.endIndex, text[i].isLetter || text[i].isNumber { i = text.index(after: i) }
    if start < i {
      found.append((text[start..<i].lowercased(), start..<i))
    } else {
      i = text.index(after: i)
    }
  }
  return found
}

/// The places at which some words begin in others, but for those that are part of a longer name.
private func places(
  of sought: [String], in own: [String], apartFrom longer: [[String]]
) -> [Int] {
  func places(of words: [String]) -> [Int] {
    guard !words.isEmpty, words.count <= own.count else { return [] }
    return (0...(own.count - words.count)).filter { Array(own[$0..<($0 + words.count)]) == words }
  }
  var taken = Set<Int>()
  for name in longer {
    for start in places(of: name) { taken.formUnion(start..<(start + name.count)) }
  }
  return places(of: sought).filter { start in
    !(start..<(start + sought.count)).contains(where: taken.contains)
  }
}

extension String {
  /// Whether the words occur in the text as whole words: "a line emoji" mentions line, "an airline" does not.
  package func mentions(_ text: String) -> Bool {
    func spaced(_ text: String) -> String {
      " " + Editing.words(of: text).map(\.word).joined(separator: " ") + " "
    }
    return spaced(self).contains(spaced(text))
  }

  /// Whether the words occur in the text as whole words, and not only as part of another name: "a polar bear" mentions
  /// no bear where polar bears are known.
  package func mentions(_ text: String, apartFrom names: [String]) -> Bool {
    guard mentions(text) else { return false }
    let longer = text.partOf(names)
    guard !longer.isEmpty else { return true }
    return !places(
      of: Editing.words(of: text).map(\.word), in: Editing.words(of: self).map(\.word),
      apartFrom: longer
    ).isEmpty
  }

  /// The words of those names that these are a part of.
  private func partOf(_ names: [String]) -> [[String]] {
    // Most names are shorter or do not contain the first word. They are dropped before names are split into words.
    let own = Editing.words(of: self).map(\.word)
    guard let first = own.first else { return [] }
    return names.filter { $0.utf8.count > first.utf8.count && $0.lowercased().contains(first) }
      .map { Editing.words(of: $0).map(\.word) }
      .filter { $0.count > own.count && !places(of: own, in: $0, apartFrom: []).isEmpty }
  }

  /// The text with `other` in every place that ``mentions(_:)`` finds, in any case and with any punctuation. An article
  /// before it agrees with the new words, and is left out where they have one of their own.
  /// - Parameters:
  ///   - other: empty leaves the words out
  ///   - names: names that the words may be a part of, which stay
  package func replacing(
    mentionsOf text: String, with other: String, plurals: [String] = [],
    apartFrom names: [String] = []
  ) -> String {
    let sought = Editing.words(of: text).map(\.word)
    let own = Editing.words(of: self)
    let found = Set(
      places(of: sought, in: own.map(\.word), apartFrom: text.partOf(names)))
    guard !sought.isEmpty, sought.count <= own.count else { return self }
    let articles = ["a", "an", "the"]
    let bringsArticle = Editing.words(of: other).first.map { articles.contains($0.word) } ?? false
    var result = ""
    var rest = startIndex
    var i = 0
    while i + sought.count <= own.count {
      guard found.contains(i) else {
        i += 1
        continue
      }
      var (start, new) = (own[i].range.lowerBound, other)
      if !other.isEmpty, i > 0, own[i - 1].range.lowerBound >= rest,
        self[own[i - 1].range.upperBound..<start].allSatisfy(\.isWhitespace)
      {
        if bringsArticle, articles.contains(own[i - 1].word) {
          start = own[i - 1].range.lowerBound
        } else if ["a", "an"].contains(own[i - 1].word) {
          start = own[i - 1].range.lowerBound
          new = Captions.withArticle(other, plurals: plurals)
        }
      }
      result += self[rest..<start] + new
      i += sought.count
      rest = own[i - 1].range.upperBound
    }
    guard rest > startIndex else { return self }
    result += self[rest...]
    return other.isEmpty
      ? result.split(whereSeparator: \.isWhitespace).joined(separator: " ") : result
  }
}

extension Sequence where Element == String {
  /// The name that a text mentions; of several the first that is no part of a longer one.
  package func mentioned(in text: String) -> String? {
    let found = filter { text.mentions($0) }
    return found.first { text.mentions($0, apartFrom: found) }
  }
}
