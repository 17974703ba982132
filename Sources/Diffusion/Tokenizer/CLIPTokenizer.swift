// CLIP's tokenizer: NFC, white space folded, lower case, words and single digits, then byte pairs.
package import Foundation
internal import Torch

public struct CLIPTokenizer: Sendable {
  public static let start = "<|startoftext|>"
  public static let end = "<|endoftext|>"

  /// Length that prompts are cut and padded to.
  public let length: Int
  public let startToken: Int
  public let endToken: Int
  public let padToken: Int
  private let pairs: BytePairs

  package init(pairs: BytePairs, length: Int, pad: String = CLIPTokenizer.end) throws {
    guard let start = pairs.vocabulary[Self.start], let end = pairs.vocabulary[Self.end],
      let pad = pairs.vocabulary[pad]
    else {
      throw LetheError.model("the vocabulary has no '\(Self.start)', '\(Self.end)' or '\(pad)'")
    }
    (self.pairs, self.length) = (pairs, length)
    (startToken, endToken, padToken) = (start, end, pad)
  }

  /// Reads `vocab.json`, `merges.txt` and the settings beside them.
  package init(folder: URL, length: Int) throws {
    var pad = Self.end
    var maximum = length
    let settings = folder.appendingPathComponent("tokenizer_config.json")
    if FileManager.default.fileExists(atPath: settings.path) {
      let json = try JSON(contentsOf: settings)
      if let name = json["tokenizer_class"]?.string,
        !["CLIPTokenizer", "CLIPTokenizerFast", "TokenizersBackend"].contains(name)
      {
        throw LetheError.unsupported("tokenizer: '\(name)'; supported: CLIPTokenizer")
      }
      pad = json["pad_token"]?.string ?? json["pad_token"]?["content"]?.string ?? pad
      maximum = min(maximum, json["model_max_length"]?.int ?? length)
    }
    try self.init(pairs: BytePairs(folder: folder), length: maximum, pad: pad)
  }

  /// Token ids without start, end and padding.
  public func words(_ prompt: String) -> [Int] {
    var tokens: [Int] = []
    for part in prompt.split(keeping: [Self.start, Self.end]) {
      switch part {
      case Self.start: tokens.append(startToken)
      case Self.end: tokens.append(endToken)
      default: for word in Self.split(part) { tokens += pairs.encode(word, unknown: endToken) }
      }
    }
    return tokens
  }

  /// Turns ids back into text.
  public struct Decoder: Sendable {
    /// Ids of tokens that stand for text, in ascending order.
    public let words: [Int]
    private let pieces: [Int: String]

    init(_ pairs: BytePairs, special: Set<Int>) {
      pieces = Dictionary(
        pairs.vocabulary.filter { !special.contains($0.value) }.map { ($1, $0) },
        uniquingKeysWith: { a, _ in a })
      words = pieces.keys.sorted()
    }

    /// Bytes that are no UTF-8 become U+FFFD; special tokens are left out.
    public func text(_ tokens: [Int]) -> String {
      let joined = tokens.compactMap { pieces[$0] }.joined().replacing("</w>", with: " ")
      let bytes = joined.flatMap { c -> [UInt8] in
        c == " " ? [32] : BytePairs.bytes[c].map { [$0] } ?? Array(String(c).utf8)
      }
      return String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespaces)
    }
  }

  public func decoder() -> Decoder {
    Decoder(pairs, special: [startToken, endToken, padToken])
  }

  /// Start, words cut to fit, end, padding: always ``length`` ids.
  public func callAsFunction(_ prompt: String) -> [Int] {
    let body = words(prompt).prefix(length - 2)
    let tokens = [startToken] + body + [endToken]
    return tokens + Array(repeating: padToken, count: length - tokens.count)
  }

  /// Words as the pattern `'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+` finds them.
  static func split(_ text: String) -> [String] {
    let scalars = normalized(text)
    var words: [String] = []
    var i = 0
    while i < scalars.count {
      let start = i
      switch Kind(scalars[i]) {
      case .space:
        i += 1
        continue
      case .digit:
        i += 1
      case .letter:
        while i < scalars.count, Kind(scalars[i]) == .letter { i += 1 }
      case .other:
        if let length = contraction(scalars, at: i) {
          i += length
        } else {
          while i < scalars.count, Kind(scalars[i]) == .other { i += 1 }
        }
      }
      var view = String.UnicodeScalarView()
      view.append(contentsOf: scalars[start..<i])
      words.append(String(view))
    }
    return words
  }

  private static func normalized(_ text: String) -> [Unicode.Scalar] {
    text.precomposedStringWithCanonicalMapping.unicodeScalars.flatMap {
      Array($0.properties.lowercaseMapping.unicodeScalars)
    }
  }

  private enum Kind {
    case space, letter, digit, other
    init(_ s: Unicode.Scalar) {
      if s.properties.isWhitespace {
        self = .space
        return
      }
      switch s.properties.generalCategory {
      case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
        self = .letter
      case .decimalNumber, .letterNumber, .otherNumber: self = .digit
      default: self = .other
      }
    }
  }

  private static let contractions: [[Unicode.Scalar]] =
    ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"].map { Array($0.unicodeScalars) }

  private static func contraction(_ scalars: [Unicode.Scalar], at i: Int) -> Int? {
    contractions.first { scalars[i...].starts(with: $0) }?.count
  }
}

extension String {
  /// The string cut around every occurrence of `markers`, which are kept as parts of their own.
  fileprivate func split(keeping markers: [String]) -> [String] {
    var parts: [String] = []
    var rest = self[...]
    while let (range, marker) = markers.compactMap({ m in rest.range(of: m).map { ($0, m) } })
      .min(by: { $0.0.lowerBound < $1.0.lowerBound })
    {
      if range.lowerBound > rest.startIndex { parts.append(String(rest[..<range.lowerBound])) }
      parts.append(marker)
      rest = rest[range.upperBound...]
    }
    if !rest.isEmpty { parts.append(String(rest)) }
    return parts
  }
}

extension CLIPTokenizer {
  /// The files that diffusers and transformers expect in a model's `tokenizer/` folder.
  package func files(vocabulary: [String], merges: [(String, String)]) throws -> [String: Data] {
    let ids = JSON.object(
      Dictionary(uniqueKeysWithValues: vocabulary.enumerated().map { ($1, .int($0)) }))
    let lines = merges.map { "\($0.0) \($0.1)\n" }.joined()
    let special: [String: JSON] = [
      "bos_token": .string(Self.start), "eos_token": .string(Self.end),
      "pad_token": .string(Self.end), "unk_token": .string(Self.end),
    ]
    var settings = special
    settings["tokenizer_class"] = "CLIPTokenizer"
    settings["model_max_length"] = .int(length)
    settings["do_lower_case"] = true
    settings["errors"] = "replace"
    return [
      "vocab.json": Data(ids.compact.utf8), "merges.txt": Data(("#version: 0.2\n" + lines).utf8),
      "tokenizer_config.json": Data(JSON.object(settings).pretty.utf8),
      "special_tokens_map.json": Data(JSON.object(special).pretty.utf8),
    ]
  }
}
