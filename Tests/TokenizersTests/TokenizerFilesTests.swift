import Foundation
import TestSupport
import Testing
import Tokenizers
import Torch

@Suite struct TokenizerFilesTests {
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
}
