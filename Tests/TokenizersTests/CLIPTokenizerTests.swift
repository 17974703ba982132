import Foundation
import TestSupport
import Testing
import Tokenizers
import Torch

@Suite struct CLIPTokenizerTests {
  /// Decoded text is tokenised to the same ids where words were whole.
  @Test(arguments: ["a noto emoji of a fox", "naïve café 123", "東京の猫 🦊", "don't!!! ..."])
  func decoding(_ text: String) throws {
    let tokenizer = try CLIPTokenizer(folder: Fixtures.url("tiny-sd1/tokenizer"), length: 77)
    let ids = tokenizer.words(text)
    let decoder = tokenizer.decoder()
    #expect(tokenizer.words(decoder.text(ids)) == ids)
    let special = [tokenizer.startToken] + ids + [tokenizer.endToken]
    #expect(decoder.text(special) == decoder.text(ids))
    #expect(!decoder.words.contains(tokenizer.endToken))
  }

  /// Hard strings, as transformers tokenizes them: emoji, accents, CJK, digits, punctuation, 77+ tokens.
  @Test func hardStrings() throws {
    let tokenizer = try CLIPTokenizer(folder: Fixtures.url("tiny-sd1/tokenizer"), length: 77)
    let golden = try JSONDecoder().decode(
      TokenGolden.self, from: Data(contentsOf: Fixtures.url("tokens.json")))
    #expect(golden.rows.count > 40)
    for row in golden.rows {
      #expect(tokenizer(row.text) == row.ids, "\(row.text.debugDescription)")
    }
  }

  /// Words that do not fit are named; a word that fits in part is lost too.
  @Test func longPrompts() throws {
    let folder = Fixtures.url("tiny-sd1/tokenizer")
    let tokenizer = try CLIPTokenizer(folder: folder, length: 6)
    #expect(tokenizer.lost("a fox of the cat") == ["cat"])
    #expect(tokenizer.lost("a fox of the").isEmpty && tokenizer.lost("").isEmpty)
    #expect(tokenizer.lost("the the the zebra <|endoftext|>!") == ["zebra", "<|endoftext|>", "!"])
  }

  static let other = ProcessInfo.processInfo.environment["LETHE_TOKENIZER"]

  /// Another vocabulary, such as CLIP's own: scripts/golden/tokens.py says how.
  @Test(.enabled(if: other != nil, "set LETHE_TOKENIZER to a folder"))
  func anotherVocabulary() throws {
    let folder = URL(fileURLWithPath: try #require(Self.other))
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    let places =
      files.contains("vocab.json") ? [folder] : files.map { folder.appendingPathComponent($0) }
    for place in places {
      let tokenizer = try CLIPTokenizer(folder: place, length: 77)
      let golden = try JSONDecoder().decode(
        TokenGolden.self, from: Data(contentsOf: place.appendingPathComponent("tokens.json")))
      let wrong = golden.rows.filter { tokenizer($0.text) != $0.ids }
      #expect(
        wrong.isEmpty,
        "\(place.lastPathComponent): \(wrong.count) of \(golden.rows.count), first: \(wrong.first?.text ?? "")"
      )
    }
  }
}
