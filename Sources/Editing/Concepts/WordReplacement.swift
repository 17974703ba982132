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

extension String {
  /// Whether the words occur in the text as whole words: "a line emoji" mentions line, "an airline" does not.
  package func mentions(_ text: String) -> Bool {
    func spaced(_ text: String) -> String {
      " " + Editing.words(of: text).map(\.word).joined(separator: " ") + " "
    }
    return spaced(self).contains(spaced(text))
  }

  /// The text with `other` in every place that ``mentions(_:)`` finds, in any case and with any punctuation. An article
  /// before it follows the new words, and goes where they bring one of their own.
  /// - Parameter other: empty leaves the words out
  package func replacing(mentionsOf text: String, with other: String, plurals: [String] = [])
    -> String
  {
    let sought = Editing.words(of: text).map(\.word)
    let own = Editing.words(of: self)
    guard !sought.isEmpty, sought.count <= own.count else { return self }
    let articles = ["a", "an", "the"]
    let bringsArticle = Editing.words(of: other).first.map { articles.contains($0.word) } ?? false
    var result = ""
    var rest = startIndex
    var i = 0
    while i + sought.count <= own.count {
      guard own[i..<(i + sought.count)].map(\.word) == sought else {
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
