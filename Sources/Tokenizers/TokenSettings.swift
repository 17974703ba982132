// The tokens that a tokenizer's folder adds to its vocabulary. Some of them start, end or pad a prompt. As transformers
// 5 reads it, the folder names them in one of two ways:
//
//   with `added_tokens_decoder` in tokenizer_config.json    that list, and the configuration's entries
//   without                                                 special_tokens_map.json's entries over the
//                                                           configuration's, and added_tokens.json
//
// SD 2.x is published with `<|endoftext|>` as pad token in the configuration and `!`, id 0, in the map, which wins.
internal import Foundation
internal import Torch

/// A token that is found in the text itself, before words are split.
struct AddedToken: Sendable, Hashable {
  var content: String
  /// Whether it is sought in the text after NFC and lower case, and so in any case.
  var isNormalized = false
  /// Whether it counts only where no letter, digit or underscore stands beside it.
  var isSingleWord = false
}

struct TokenSettings: Sendable {
  private(set) var start = AddedToken(content: CLIPTokenizer.start)
  private(set) var end = AddedToken(content: CLIPTokenizer.end)
  private(set) var unknown = AddedToken(content: CLIPTokenizer.end)
  private(set) var pad = AddedToken(content: CLIPTokenizer.end)
  /// Every token that is found in text, in the order in which new ids are given.
  private(set) var added: [AddedToken]
  /// `model_max_length`
  private(set) var maximum: Int?

  init(pad: String = CLIPTokenizer.end) {
    self.pad = AddedToken(content: pad)
    added = [start, end, self.pad]
  }

  /// - Throws: ``LetheError`` for another class of tokenizer
  init(_ files: TokenizerFiles) throws {
    let json = files.json
    let config = try json("tokenizer_config.json")
    if let name = config?["tokenizer_class"]?.string,
      !["CLIPTokenizer", "CLIPTokenizerFast", "TokenizersBackend"].contains(name)
    {
      throw LetheError.unsupported("tokenizer: '\(name)'; supported: CLIPTokenizer")
    }
    // transformers writes 1e30 where a tokenizer has no maximum.
    let source = files.place("tokenizer_config.json").path
    let most = try Checked(config, source)["model_max_length"].number(
      3...Double.greatestFiniteMagnitude, .greatestFiniteMagnitude)
    maximum = Int(exactly: most.rounded(.down)).flatMap { $0 < 1 << 30 ? $0 : nil }
    let decoder = config?["added_tokens_decoder"]?.members
    let map = decoder == nil ? try json("special_tokens_map.json") : nil
    func named(_ key: String) -> AddedToken? {
      map?[key].flatMap { Self.token($0, isSpecial: true) }
        ?? config?[key].flatMap { Self.token($0, isSpecial: false) }
    }
    var listed: [AddedToken] = []
    if let decoder {
      listed = Self.byId(decoder).compactMap { Self.token($0, isSpecial: false) }
    } else if let file = try json("added_tokens.json")?.members {
      let special = ["bos_token", "eos_token", "unk_token", "pad_token"].compactMap { key in
        named(key)?.content
      }
      listed = file.sorted { ($0.value.int ?? 0, $0.key) < ($1.value.int ?? 0, $1.key) }.map {
        AddedToken(content: $0.key, isNormalized: !special.contains($0.key))
      }
    }
    // A token of the list has the list's flags wherever it is named.
    func resolved(_ key: String, _ usual: AddedToken) -> AddedToken {
      let token = named(key) ?? usual
      return listed.first { $0.content == token.content } ?? token
    }
    start = resolved("bos_token", start)
    end = resolved("eos_token", end)
    unknown = resolved("unk_token", unknown)
    pad = resolved("pad_token", pad)
    let more = ["additional_special_tokens", "extra_special_tokens"].flatMap { key in
      (map?[key] ?? config?[key])?.array ?? []
    }.compactMap { Self.token($0, isSpecial: true) }
    added = listed
    for token in [start, end, unknown, pad] + more
    where !listed.contains(where: { $0.content == token.content }) {
      // Where one content is named twice the last flags count.
      if let i = added.firstIndex(where: { $0.content == token.content }) {
        added[i] = token
      } else {
        added.append(token)
      }
    }
  }

  mutating func add(_ token: AddedToken) { added.append(token) }

  private static func byId(_ tokens: [String: JSON]) -> [JSON] {
    tokens.sorted { (Int($0.key) ?? 0) < (Int($1.key) ?? 0) }.map(\.value)
  }

  /// A token as text, or as an object with flags.
  /// - Parameter isSpecial: the value of `special` where the object has none
  private static func token(_ json: JSON, isSpecial: Bool) -> AddedToken? {
    if let text = json.string { return AddedToken(content: text) }
    guard let text = json["content"]?.string else { return nil }
    let special = json["special"]?.bool ?? isSpecial
    return AddedToken(
      content: text, isNormalized: json["normalized"]?.bool ?? !special,
      isSingleWord: json["single_word"]?.bool ?? false)
  }
}
