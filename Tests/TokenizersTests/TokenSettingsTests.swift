import Foundation
import TestSupport
import Testing
import Tokenizers
import Torch

@Suite struct TokenSettingsTests {
  struct SpecialGolden: Decodable {
    struct Case: Decodable {
      var name: String
      var files: [String: JSON]
      var pad: Int
      var rows: [TokenGolden.Row]
    }
    var cases: [Case]
  }

  /// The token that pads, and those that are cut out of a text, by the settings beside a vocabulary, as transformers
  /// has it (scripts/golden/special_tokens.py): six ways to name the pad token, upper case, added tokens.
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
}
