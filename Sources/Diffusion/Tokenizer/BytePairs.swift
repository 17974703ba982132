// Byte-pair encoding (Sennrich et al., 2016) over bytes written as printable characters (GPT-2).
package import Foundation
internal import Torch

/// A vocabulary and its merges, most frequent first, in CLIP's format (`</w>` ends a word).
package struct BytePairs: Sendable {
  package let vocabulary: [String: Int]
  private let ranks: [Pair: Int]

  struct Pair: Hashable, Sendable {
    var a: String
    var b: String
  }

  package init(vocabulary: [String: Int], merges: [(String, String)]) {
    self.vocabulary = vocabulary
    ranks = Dictionary(
      merges.enumerated().map { (Pair(a: $1.0, b: $1.1), $0) },
      uniquingKeysWith: { first, _ in first })
  }

  package init(folder: URL) throws {
    let whole = folder.appendingPathComponent("tokenizer.json")
    let file = folder.appendingPathComponent("vocab.json")
    // transformers 5 writes one file instead of two.
    if !FileManager.default.fileExists(atPath: file.path),
      FileManager.default.fileExists(atPath: whole.path)
    {
      try self.init(tokenizer: whole)
      return
    }
    let vocabulary = try Self.ids(Checked(contentsOf: file))
    let mergesFile = folder.appendingPathComponent("merges.txt")
    let text = try InputFile.text(mergesFile)
    var merges: [(String, String)] = []
    for line in text.split(separator: "\n") where !line.hasPrefix("#version") {
      let parts = line.split(separator: " ")
      guard parts.count == 2 else {
        throw LetheError.malformed(mergesFile, "'\(line)' is no pair")
      }
      merges.append((String(parts[0]), String(parts[1])))
    }
    self.init(vocabulary: vocabulary, merges: merges)
  }

  /// Vocabulary and merges out of a `tokenizer.json`.
  private init(tokenizer file: URL) throws {
    let checked = try Checked(contentsOf: file)
    let json = checked.value ?? .null
    guard json["model"]?["type"]?.string == "BPE", let list = json["model"]?["merges"]?.array
    else { throw LetheError.malformed(file, "it holds no byte-pair model") }
    let merges = list.compactMap { merge -> (String, String)? in
      let parts =
        merge.array?.compactMap(\.string) ?? merge.string?.split(separator: " ").map(String.init)
        ?? []
      return parts.count == 2 ? (parts[0], parts[1]) : nil
    }
    guard merges.count == list.count else { throw LetheError.malformed(file, "a merge is no pair") }
    var vocabulary = try Self.ids(checked["model"]["vocab"])
    // Special tokens stand in a list of their own.
    if !checked["added_tokens"].isMissing {
      for added in try checked["added_tokens"].list(0...Self.largestId, of: "tokens") {
        vocabulary[try added["content"].string()] = try added["id"].int(0...Self.largestId)
      }
    }
    self.init(vocabulary: vocabulary, merges: merges)
  }

  /// The ids of tokens.
  private static func ids(_ vocabulary: Checked) throws -> [String: Int] {
    try vocabulary.members().reduce(into: [:]) { $0[$1.key] = try $1.value.int(0...largestId) }
  }
  private static let largestId = 1 << 24

  /// The character that stands for each byte: printable Latin-1 for itself, the rest from U+0100.
  static let characters: [Character] = {
    let printable = Set(33...126).union(161...172).union(174...255)
    var next: UInt32 = 256
    return (0..<256).map { byte in
      if printable.contains(byte) { return Character(Unicode.Scalar(UInt8(byte))) }
      defer { next += 1 }
      return Unicode.Scalar(next).map(Character.init) ?? " "
    }
  }()

  /// The byte that a character stands for.
  static let bytes = Dictionary(
    uniqueKeysWithValues: characters.enumerated().map { ($1, UInt8($0)) })

  /// Ids of one word, by merging its best-ranked neighbours until none is left to merge.
  package func encode(_ word: String, unknown: Int) -> [Int] {
    var parts = word.utf8.map { String(Self.characters[Int($0)]) }
    guard !parts.isEmpty else { return [] }
    parts[parts.count - 1] += "</w>"
    while parts.count > 1 {
      var best = (rank: Int.max, index: 0)
      for i in 0..<(parts.count - 1) {
        if let rank = ranks[Pair(a: parts[i], b: parts[i + 1])], rank < best.rank {
          best = (rank, i)
        }
      }
      if best.rank == .max { break }
      let (a, b) = (parts[best.index], parts[best.index + 1])
      var merged: [String] = []
      var i = 0
      while i < parts.count {
        if i + 1 < parts.count, parts[i] == a, parts[i + 1] == b {
          merged.append(a + b)
          i += 2
        } else {
          merged.append(parts[i])
          i += 1
        }
      }
      parts = merged
    }
    return parts.map { vocabulary[$0] ?? unknown }
  }

  // MARK: - Training

  /// Learns merges from texts until the vocabulary has `size` entries or no pair occurs twice.
  package static func train(on texts: [String], size: Int) -> (
    vocabulary: [String], merges: [(String, String)]
  ) {
    var words: [String: Int] = [:]
    for text in texts { for word in CLIPTokenizer.split(text) { words[word, default: 0] += 1 } }
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
