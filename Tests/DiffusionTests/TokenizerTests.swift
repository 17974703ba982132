import Diffusion
import Foundation
import TestSupport
import Testing
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
}
