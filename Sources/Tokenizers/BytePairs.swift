// Byte-pair encoding (Sennrich et al., 2016) over bytes written as printable characters (GPT-2).
internal import Foundation
internal import Torch

/// A vocabulary and its merges, most frequent first, in CLIP's format (`</w>` ends a word).
package struct BytePairs: Sendable {
  package let vocabulary: [String: Int]
  /// The piece that two neighbours become, and how early, by their numbers.
  private let merges: [Neighbours: (rank: Int, whole: Int)]
  /// The pieces of single bytes, and of those that end a word.
  private let inner: [Int]
  private let last: [Int]

  /// Pieces are numbers: their ids, or numbers below 0 for those that the vocabulary has not.
  private struct Neighbours: Hashable, Sendable {
    var a: Int
    var b: Int
  }

  package init(vocabulary: [String: Int], merges: [(String, String)]) {
    self.vocabulary = vocabulary
    var others: [String: Int] = [:]
    func number(_ piece: String) -> Int {
      if let id = vocabulary[piece] ?? others[piece] { return id }
      others[piece] = -1 - others.count
      return -others.count
    }
    var known: [Neighbours: (rank: Int, whole: Int)] = [:]
    known.reserveCapacity(merges.count)
    for (rank, (a, b)) in merges.enumerated() {
      let pair = Neighbours(a: number(a), b: number(b))
      if known[pair] == nil { known[pair] = (rank, number(a + b)) }
    }
    self.merges = known
    inner = Self.characters.map { number(String($0)) }
    last = Self.characters.map { number("\($0)</w>") }
  }

  /// The files that it is read from.
  package static let files = ["vocab.json", "merges.txt", "tokenizer.json"]

  init(_ files: TokenizerFiles) throws {
    // transformers 5 writes one file instead of two.
    if !files.has("vocab.json"), files.has("tokenizer.json") {
      let file = files.place("tokenizer.json")
      if let read = files.tokenizer("tokenizer.json"), read.rest["model"]?["type"] == "BPE",
        read.vocabulary.values.allSatisfy({ $0 <= Self.largestId })
      {
        try self.init(read.vocabulary, read.merges, addedIn: Checked(read.rest, file.path))
      } else {
        try self.init(tokenizer: files.json("tokenizer.json") ?? .null, file)
      }
      return
    }
    let vocabulary = try Self.vocabulary(files, files.place("vocab.json"))
    self.init(
      vocabulary: vocabulary,
      merges: try Self.merges(files("merges.txt"), files.place("merges.txt")))
  }

  private static func vocabulary(_ files: TokenizerFiles, _ file: URL) throws -> [String: Int] {
    if let ids = files.wholeNumbers("vocab.json"), ids.values.allSatisfy({ $0 <= largestId }) {
      return ids
    }
    guard let members = try files.json("vocab.json")?.members else {
      throw LetheError.unreadable(file, "it does not exist or may not be read")
    }
    return try ids(members, Checked(.object(members), file.path))
  }

  /// The pairs of `merges.txt`, whatever its lines end with; a first line `#version` is none.
  static func merges(_ data: Data?, _ file: URL) throws -> [(String, String)] {
    guard let data else {
      throw LetheError.unreadable(file, "it does not exist or may not be read")
    }
    guard let text = String(validating: data, as: UTF8.self) else {
      throw LetheError.malformed(file, "it is no UTF-8 text")
    }
    var merges: [(String, String)] = []
    for line in text.utf8.split(whereSeparator: { $0 == 10 || $0 == 13 }) {
      var line = line
      if merges.isEmpty, line.starts(with: [0xEF, 0xBB, 0xBF]) { line = line.dropFirst(3) }
      if line.starts(with: "#version".utf8) { continue }
      let parts = line.split(separator: UInt8(ascii: " "))
      guard parts.count == 2 else {
        throw LetheError.malformed(file, "'\(Substring(line))' is no pair")
      }
      merges.append((String(Substring(parts[0])), String(Substring(parts[1]))))
    }
    guard !merges.isEmpty else { throw LetheError.malformed(file, "it has no pairs") }
    return merges
  }

  /// Vocabulary and merges out of a `tokenizer.json`.
  private init(tokenizer json: JSON, _ file: URL) throws {
    let checked = Checked(json, file.path)
    guard json["model"]?["type"]?.string == "BPE", let list = json["model"]?["merges"]?.array
    else { throw LetheError.malformed(file, "it holds no byte-pair model") }
    let merges = list.compactMap { merge -> (String, String)? in
      let parts =
        merge.array?.compactMap(\.string) ?? merge.string?.split(separator: " ").map(String.init)
        ?? []
      return parts.count == 2 ? (parts[0], parts[1]) : nil
    }
    guard merges.count == list.count else { throw LetheError.malformed(file, "a merge is no pair") }
    let vocab = checked["model"]["vocab"]
    guard let members = vocab.value?.members else { throw vocab.refused("an object") }
    try self.init(Self.ids(members, vocab), merges, addedIn: checked)
  }

  /// Special tokens stand in a list of their own.
  private init(
    _ vocabulary: [String: Int], _ merges: [(String, String)], addedIn checked: Checked
  ) throws {
    var vocabulary = vocabulary
    if !checked["added_tokens"].isMissing {
      for added in try checked["added_tokens"].list(0...Self.largestId, of: "tokens") {
        vocabulary[try added["content"].string()] = try added["id"].int(0...Self.largestId)
      }
    }
    self.init(vocabulary: vocabulary, merges: merges)
  }

  /// The ids of tokens.
  /// - Parameter checked: the same, for the sentence about the first that is none
  private static func ids(_ members: [String: JSON], _ checked: Checked) throws -> [String: Int] {
    let ids = members.compactMapValues {
      $0.int.flatMap { (0...largestId).contains($0) ? $0 : nil }
    }
    guard ids.count == members.count else {
      let stray = members.keys.sorted().first { ids[$0] == nil } ?? ""
      return [stray: try checked[stray].int(0...largestId)]
    }
    return ids
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
    var parts =
      word.utf8.dropLast().map { inner[Int($0)] } + word.utf8.suffix(1).map { last[Int($0)] }
    while parts.count > 1 {
      var best = (rank: Int.max, whole: 0, pair: Neighbours(a: 0, b: 0))
      for (a, b) in zip(parts, parts.dropFirst()) {
        let pair = Neighbours(a: a, b: b)
        if let (rank, whole) = merges[pair], rank < best.rank { best = (rank, whole, pair) }
      }
      if best.rank == .max { break }
      var merged: [Int] = []
      var i = 0
      while i < parts.count {
        if i + 1 < parts.count, parts[i] == best.pair.a, parts[i + 1] == best.pair.b {
          merged.append(best.whole)
          i += 2
        } else {
          merged.append(parts[i])
          i += 1
        }
      }
      parts = merged
    }
    return parts.map { $0 < 0 ? unknown : $0 }
  }
}
