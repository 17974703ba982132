import Foundation
import TestSupport
import Testing
import Tokenizers
import Torch

@Suite struct TokenizerTests {
  struct Golden: Decodable {
    struct Row: Decodable {
      var text: String
      var ids: [Int]
    }
    var rows: [Row]
  }

  /// Hard strings, as transformers tokenizes them: emoji, accents, CJK, digits, punctuation, 77+ tokens.
  @Test func hardStrings() throws {
    let tokenizer = try CLIPTokenizer(folder: Fixtures.url("tiny-sd1/tokenizer"), length: 77)
    let golden = try JSONDecoder().decode(
      Golden.self, from: Data(contentsOf: Fixtures.url("tokens.json")))
    #expect(golden.rows.count > 40)
    for row in golden.rows {
      #expect(tokenizer(row.text) == row.ids, "\(row.text.debugDescription)")
    }
  }

  struct SpecialGolden: Decodable {
    struct Case: Decodable {
      var name: String
      var files: [String: JSON]
      var pad: Int
      var rows: [Golden.Row]
    }
    var cases: [Case]
  }

  /// The token that pads, and those that are cut out of a text, by the settings beside a vocabulary, as transformers has it
  /// (scripts/golden/special_tokens.py): six ways to name the pad token, upper case, added tokens.
  @Test func specialTokens() throws {
    let source = Fixtures.url("tiny-sd1/tokenizer")
    let golden = try JSONDecoder().decode(
      SpecialGolden.self, from: Data(contentsOf: Fixtures.url("special-tokens.json")))
    #expect(golden.cases.count == 14)
    for expected in golden.cases {
      try Fixtures.temporaryFolder { folder in
        for name in ["vocab.json", "merges.txt"] {
          try FileManager.default.copyItem(
            at: source.appendingPathComponent(name), to: folder.appendingPathComponent(name))
        }
        for (name, json) in expected.files {
          try Data(json.compact.utf8).write(to: folder.appendingPathComponent(name))
        }
        let tokenizer = try CLIPTokenizer(folder: folder, length: 77)
        #expect(tokenizer.padToken == expected.pad, "\(expected.name)")
        for row in expected.rows {
          let padding = Array(repeating: expected.pad, count: 77 - row.ids.count)
          #expect(
            tokenizer(row.text) == row.ids + padding,
            "\(expected.name): \(row.text.debugDescription)")
        }
      }
    }
  }

  /// One `tokenizer.json`, as transformers 5 writes it, says the same as the two files before it.
  @Test func oneFileInsteadOfTwo() throws {
    try Fixtures.temporaryFolder { folder in
      let source = Fixtures.url("tiny-sd1/tokenizer")
      let text = try String(
        contentsOf: source.appendingPathComponent("merges.txt"), encoding: .utf8)
      let lines = text.split(separator: "\n").dropFirst()
      let vocabulary = try JSON(contentsOf: source.appendingPathComponent("vocab.json"))
      func json(_ merges: [JSON], _ vocabulary: JSON) -> JSON {
        ["model": ["type": "BPE", "merges": .array(merges), "vocab": vocabulary]]
      }
      let texts = lines.map { JSON.string(String($0)) }
      let pairs = lines.map { line in
        JSON.array(line.split(separator: " ").map { .string(String($0)) })
      }
      // The last spelling has an id that the quick reader does not take.
      let long = json(pairs, vocabulary).compact.replacingOccurrences(of: ":300,", with: ":300.0,")
      let b = try CLIPTokenizer(folder: source, length: 77)
      for whole in [json(pairs, vocabulary).compact, json(texts, vocabulary).pretty, long] {
        try Data(whole.utf8).write(to: folder.appendingPathComponent("tokenizer.json"))
        let a = try CLIPTokenizer(folder: folder, length: 77)
        for text in ["a noto emoji of a fox", "naïve café 🦊", "umbrella's style!!"] {
          #expect(a(text) == b(text))
        }
      }
      #expect(JSONText.tokenizer(Data(long.utf8)) == nil)
      let added = long.dropLast() + ",\"added_tokens\":[{\"id\":900,\"content\":\"<toy>\"}]}"
      try Data(added.utf8).write(to: folder.appendingPathComponent("tokenizer.json"))
      #expect(try CLIPTokenizer(folder: folder, length: 77).largestId == 900)
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
        Golden.self, from: Data(contentsOf: place.appendingPathComponent("tokens.json")))
      let wrong = golden.rows.filter { tokenizer($0.text) != $0.ids }
      #expect(
        wrong.isEmpty,
        "\(place.lastPathComponent): \(wrong.count) of \(golden.rows.count), first: \(wrong.first?.text ?? "")"
      )
    }
  }
}
