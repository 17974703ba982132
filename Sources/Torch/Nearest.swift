extension Sequence where Element == String {
  /// The member that is closest in spelling, when it is close at all: for "did you mean".
  package func nearest(to word: String) -> String? {
    let (own, limit) = (word.lowercased(), Swift.max(2, word.count / 3))
    return map { ($0, slips($0.lowercased(), own)) }
      // Two slips make any other word of three letters, unless they are a plural's.
      .filter { $1 <= (own.count < 4 && !$0.lowercased().hasPrefix(own) ? 1 : limit) }
      .min { $0.1 < $1.1 }?.0
  }
}

extension String {
  /// Whether this is `other` with other capitals or with slips of typing: one for words of up to five letters, two for
  /// longer ones. A letter too many, too few, wrong or exchanged with its neighbour is one slip. Letters that sound
  /// alike, such as x and ks, are none.
  package func isMisspelling(of other: String) -> Bool {
    guard self != other else { return false }
    let (own, meant) = (lowercased(), other.lowercased())
    return slips(own, meant) <= (other.count <= 5 ? 1 : 2) || own.sounds == meant.sounds
  }

  /// The letters as they sound, one spelling for each sound.
  private var sounds: String {
    [("cks", "x"), ("ks", "x"), ("ph", "f"), ("ck", "k"), ("qu", "kw")]
      .reduce(self) { $0.replacing($1.0, with: $1.1) }
  }
}

/// The restricted distance of Damerau (1964) and Levenshtein, in characters.
func slips(_ a: String, _ b: String) -> Int {
  let (a, b) = (Array(a), Array(b))
  var rows = [Array(0...b.count)]
  for i in 1..<(a.count + 1) {
    var row = [i] + [Int](repeating: 0, count: b.count)
    for j in 1..<(b.count + 1) {
      row[j] = Swift.min(
        rows[i - 1][j] + 1, row[j - 1] + 1, rows[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1))
      if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
        row[j] = Swift.min(row[j], rows[i - 2][j - 2] + 1)
      }
    }
    rows.append(row)
  }
  return rows[a.count][b.count]
}
