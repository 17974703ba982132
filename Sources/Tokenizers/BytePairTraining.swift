extension BytePairs {
  private struct Pair: Hashable {
    var a: String
    var b: String
  }

  /// Learns merges from texts until the vocabulary has `size` entries or no pair occurs twice.
  package static func train(on texts: [String], size: Int) -> (
    vocabulary: [String], merges: [(String, String)]
  ) {
    var words: [String: Int] = [:]
    for text in texts { for word in CLIPWords.split(text) { words[word, default: 0] += 1 } }
    var corpus: [([String], Int)] = words.sorted { $0.key < $1.key }.map { word, count in
      var parts = word.utf8.map { String(characters[Int($0)]) }
      parts[parts.count - 1] += "</w>"
      return (parts, count)
    }
    var tokens = characters.map { String($0) } + characters.map { "\($0)</w>" }
    var merges: [(String, String)] = []
    while tokens.count < size - 2 {
      var counts: [Pair: Int] = [:]
      for (parts, count) in corpus {
        for (a, b) in zip(parts, parts.dropFirst()) {
          counts[Pair(a: a, b: b), default: 0] += count
        }
      }
      let best = counts.max { x, y in
        x.value != y.value
          ? x.value < y.value : (x.key.a + " " + x.key.b) > (y.key.a + " " + y.key.b)
      }
      guard let (pair, count) = best, count > 1 else { break }
      merges.append((pair.a, pair.b))
      tokens.append(pair.a + pair.b)
      corpus = corpus.map { parts, count in
        var merged: [String] = []
        for part in parts {
          if part == pair.b, merged.last == pair.a {
            merged[merged.count - 1] = pair.a + pair.b
          } else {
            merged.append(part)
          }
        }
        return (merged, count)
      }
    }
    return (tokens + [CLIPTokenizer.start, CLIPTokenizer.end], merges)
  }
}
