// CLIP's tokenizer: NFC, white space folded, lower case, words and single digits, then byte pairs.
package import Foundation
internal import Torch

/// CLIP's tokenizer: texts to ids of byte pairs, and back.
public struct CLIPTokenizer: Sendable {
  /// The text of the start token.
  public static let start = "<|startoftext|>"
  /// The text of the end token.
  public static let end = "<|endoftext|>"

  /// Length that prompts are cut and padded to.
  public let length: Int
  /// The id before a prompt's words.
  public let startToken: Int
  /// The id after a prompt's words.
  public let endToken: Int
  /// The id that fills a prompt up to ``length``.
  public let padToken: Int
  private let unknown: Int
  private let pairs: BytePairs
  private let added: AddedTokens
  private let settings: TokenSettings

  package init(pairs: BytePairs, length: Int, pad: String = CLIPTokenizer.end) throws {
    try self.init(pairs, length, TokenSettings(pad: pad))
  }

  private init(_ pairs: BytePairs, _ length: Int, _ settings: TokenSettings) throws {
    let vocabulary = pairs.vocabulary
    for token in [settings.start, settings.end, settings.unknown, settings.pad]
    where vocabulary[token.content] == nil {
      throw LetheError.model("the vocabulary has no '\(token.content)'")
    }
    guard length >= 3 else {
      throw LetheError.model("a tokenizer of \(length) tokens has no room between start and end")
    }
    let added = AddedTokens(settings.added, vocabulary)
    func id(_ token: AddedToken) -> Int { added.ids[token.content] ?? 0 }
    (self.pairs, self.length, self.added, self.settings) = (pairs, length, added, settings)
    (startToken, endToken) = (id(settings.start), id(settings.end))
    (padToken, unknown) = (id(settings.pad), id(settings.unknown))
  }

  /// Reads `vocab.json`, `merges.txt` and the settings beside them.
  package init(folder: URL, length: Int) throws {
    try self.init(TokenizerFiles(folder: folder), length: length)
  }

  /// - Parameter known: byte pairs that were read from the same files already
  package init(_ files: TokenizerFiles, length: Int, _ known: CLIPTokenizer? = nil) throws {
    let settings = try TokenSettings(files)
    try self.init(
      known?.pairs ?? BytePairs(files), min(length, settings.maximum ?? length), settings)
  }

  /// The tokenizer with tokens that are found in text, in any case, and their ids, which follow all others.
  /// - Throws: ``LetheError`` of the kind `request` for a token that it has already
  package func adding(_ tokens: [String]) throws -> (CLIPTokenizer, ids: [Int]) {
    var settings = settings
    for token in tokens {
      guard pairs.vocabulary[token] == nil, added.ids[token] == nil else {
        throw LetheError.badValue(
          "--embedding",
          "the tokenizer has a token '\(token)' already; give another one, as FILE:TOKEN")
      }
      settings.add(AddedToken(content: token, isNormalized: true))
    }
    let more = try CLIPTokenizer(pairs, length, settings)
    return (more, tokens.map { more.added.ids[$0] ?? 0 })
  }

  /// The largest id that a prompt can have.
  package var largestId: Int {
    max(pairs.vocabulary.values.max() ?? 0, added.ids.values.max() ?? 0)
  }

  /// Ids of a text by its words and added tokens, each with the text it comes from.
  private func pieces(_ prompt: String) -> [(text: String, ids: [Int])] {
    added.parts(prompt).flatMap { part -> [(String, [Int])] in
      switch part {
      case .token(let id):
        [(added.ids.first { $0.value == id }?.key ?? "", added.groups[id] ?? [id])]
      case .text(let text):
        CLIPWords.split(text).map { ($0, pairs.encode($0, unknown: unknown)) }
      }
    }
  }

  /// Token ids without start, end and padding.
  public func words(_ prompt: String) -> [Int] { pieces(prompt).flatMap(\.ids) }

  /// Whether each word of a text is one token.
  package func hasWhole(_ text: String) -> Bool { pieces(text).allSatisfy { $0.ids.count == 1 } }

  /// Words of a prompt that do not fit between start and end, those that fit in part included.
  public func lost(_ prompt: String) -> [String] {
    var count = 0
    return pieces(prompt).filter { piece in
      count += piece.ids.count
      return count > length - 2
    }.map(\.text)
  }

  /// Turns ids back into text.
  public struct Decoder: Sendable {
    /// Ids of tokens that stand for text, in ascending order.
    public let words: [Int]
    private let pieces: [Int: String]

    /// - Parameters:
    ///   - silent: ids that no text is written for
    ///   - isTypeable: whether a token of the vocabulary can come out of typed text
    init(_ pairs: BytePairs, _ added: AddedTokens, silent: Set<Int>, isTypeable: (String) -> Bool) {
      let special = Set(added.ids.values).union(silent)
      let usual = pairs.vocabulary.filter { !special.contains($0.value) }
      words = Set(usual.filter { isTypeable($0.key) }.values).sorted()
      pieces = Dictionary(
        usual.map { ($1, $0) }
          + added.ids.filter { !silent.contains($0.value) }.map {
            ($1, $0 + "</w>")
          }, uniquingKeysWith: { a, _ in a })
    }

    /// Bytes that are no UTF-8 become U+FFFD; start and end are left out.
    public func text(_ tokens: [Int]) -> String {
      let joined = tokens.compactMap { pieces[$0] }.joined().replacing("</w>", with: " ")
      let bytes = joined.flatMap { c -> [UInt8] in
        c == " " ? [32] : BytePairs.bytes[c].map { [$0] } ?? Array(String(c).utf8)
      }
      return String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespaces)
    }
  }

  /// - Parameter others: tokenizers that are given the same text
  public func decoder(beside others: [CLIPTokenizer] = []) -> Decoder {
    let all = [self] + others
    return Decoder(pairs, added, silent: [startToken, endToken]) { piece in
      let text = piece.hasSuffix("</w>") ? String(piece.dropLast(4)) : piece
      return !all.contains { $0.added.isCut(text) }
    }
  }

  /// Start, words cut to fit, end, padding: always ``length`` ids.
  public func callAsFunction(_ prompt: String) -> [Int] { padded(words(prompt)) }

  /// A prompt's ids without start, end and padding -> always ``length`` ids.
  public func padded(_ words: [Int]) -> [Int] {
    let tokens = [startToken] + words.prefix(length - 2) + [endToken]
    return tokens + Array(repeating: padToken, count: length - tokens.count)
  }
}
