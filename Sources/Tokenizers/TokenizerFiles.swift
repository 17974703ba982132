internal import CVocabulary
package import Foundation
internal import Torch

/// The files of a tokenizer, in a folder or in memory.
package struct TokenizerFiles {
  package static let names = [
    "vocab.json", "merges.txt", "tokenizer_config.json", "special_tokens_map.json",
    "added_tokens.json", "tokenizer.json",
  ]
  private let folder: URL
  private let texts: [String: Data]?

  init(folder: URL) { (self.folder, texts) = (folder, nil) }

  /// - Parameter folder: their place, for messages
  package init(_ texts: [String: Data], in folder: URL) {
    (self.folder, self.texts) = (folder, texts)
  }

  func place(_ name: String) -> URL { folder.appendingPathComponent(name) }

  /// A file's bytes; nil where there is none.
  func callAsFunction(_ name: String) -> Data? {
    if let texts { texts[name] } else { try? InputFile.data(place(name), .json) }
  }

  func has(_ name: String) -> Bool {
    texts.map { $0[name] != nil } ?? FileManager.default.fileExists(atPath: place(name).path)
  }

  /// A file that is one object of whole numbers; nil where there is none, and where it is another.
  func wholeNumbers(_ name: String) -> [String: Int]? {
    self(name).flatMap(JSONText.wholeNumbers)
  }

  /// A `tokenizer.json` of byte pairs; nil where there is none, and where it is another.
  func tokenizer(_ name: String) -> JSONText.Tokenizer? { self(name).flatMap(JSONText.tokenizer) }

  func json(_ name: String) throws -> JSON? {
    guard has(name) else { return nil }
    guard let texts else { return try JSON(contentsOf: place(name)) }
    do { return try JSONText.value(texts[name] ?? Data()) } catch {
      throw LetheError.malformed(place(name), "it is no JSON: \(error)")
    }
  }
}

extension BytePairs {
  /// Entries of CLIP's vocabulary.
  package static let clipSize = 49408

  /// CLIP's vocabulary by id, and its merges: bytes, bytes that end a word, merged pairs, start and end.
  static func clip() throws -> (vocabulary: [String], merges: [(String, String)]) {
    let text = Data(String(cString: clip_merges()).utf8)
    let merges = try merges(text, "merges.txt".filePlace)
    let printable = Set(33...126).union(161...172).union(174...255)
    let order = (0..<256).filter(printable.contains) + (0..<256).filter { !printable.contains($0) }
    let bytes = order.map { String(characters[$0]) }
    let vocabulary =
      bytes + bytes.map { "\($0)</w>" } + merges.map { $0.0 + $0.1 }
      + [CLIPTokenizer.start, CLIPTokenizer.end]
    return (vocabulary, merges)
  }
}

extension CLIPTokenizer {
  /// CLIP's byte pairs and their files. SDXL has them twice, and they are made once.
  private static let own = Result<(BytePairs, [String: Data]), any Error> {
    let (vocabulary, merges) = try BytePairs.clip()
    let pairs = BytePairs(
      vocabulary: Dictionary(uniqueKeysWithValues: vocabulary.enumerated().map { ($1, $0) }),
      merges: merges)
    return (pairs, texts(vocabulary, merges))
  }

  /// CLIP's own tokenizer, and its files.
  package static func clip(length: Int, pad: String) throws -> (CLIPTokenizer, [String: Data]) {
    let (pairs, texts) = try own.get()
    let tokenizer = try CLIPTokenizer(pairs: pairs, length: length, pad: pad)
    return (tokenizer, texts.merging(tokenizer.settings(pad: pad)) { $1 })
  }
}

extension CLIPTokenizer {
  /// The files that diffusers and transformers expect in a model's `tokenizer/` folder.
  /// - Parameter pad: the token that prompts are padded with
  package func files(
    vocabulary: [String], merges: [(String, String)], pad: String = CLIPTokenizer.end
  ) throws -> [String: Data] {
    Self.texts(vocabulary, merges).merging(settings(pad: pad)) { $1 }
  }

  /// `vocab.json` and `merges.txt`.
  private static func texts(
    _ vocabulary: [String], _ merges: [(String, String)]
  ) -> [String: Data] {
    let ids = vocabulary.enumerated().map { "\(quoted($1)):\($0)" }
    let lines = merges.map { "\($0.0) \($0.1)\n" }.joined()
    return [
      "vocab.json": Data("{\(ids.joined(separator: ","))}".utf8),
      "merges.txt": Data(("#version: 0.2\n" + lines).utf8),
    ]
  }

  private func settings(pad: String) -> [String: Data] {
    let special: [String: JSON] = [
      "bos_token": .string(Self.start), "eos_token": .string(Self.end),
      "pad_token": .string(pad), "unk_token": .string(Self.end),
    ]
    var settings = special
    settings["tokenizer_class"] = "CLIPTokenizer"
    settings["model_max_length"] = .int(length)
    settings["do_lower_case"] = true
    settings["errors"] = "replace"
    return [
      "tokenizer_config.json": Data(JSON.object(settings).pretty.utf8),
      "special_tokens_map.json": Data(JSON.object(special).pretty.utf8),
    ]
  }

  /// A token as JSON writes it. Tokens stand for bytes by printable characters, of which two are escaped.
  private static func quoted(_ token: String) -> String {
    let isPlain = token.utf8.allSatisfy {
      $0 >= 32 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
    }
    return isPlain ? "\"\(token)\"" : JSON.string(token).compact
  }
}
