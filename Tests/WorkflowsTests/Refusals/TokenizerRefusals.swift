// Files of a tokenizer.
import Diffusion
import Foundation
import Torch

@testable import Workbench
@testable import Workflows

extension Refusal {
  static var tokenizers: [Refusal] {
    func changed(_ file: String, _ key: String, _ value: JSON) -> Refusal {
      Refusal(title("tokenizer/\(file)", key, value)) {
        let folder = try $0.model.file("tokenizer")
        try $0.set(folder.appendingPathComponent(file), key, value)
        _ = try CLIPTokenizer(folder: folder, length: 77)
      }
    }
    func written(_ file: String, _ fault: String, _ text: String?) -> Refusal {
      Refusal("tokenizer/\(file) \(fault)") {
        let folder = try $0.model.file("tokenizer")
        let place = folder.appendingPathComponent(file)
        try? FileManager.default.removeItem(at: place)
        if let text { try Data(text.utf8).write(to: place) }
        _ = try CLIPTokenizer(folder: folder, length: 77)
      }
    }
    /// A tokenizer.json alone, as transformers 5 writes it.
    func whole(_ key: String, _ value: JSON?) -> Refusal {
      Refusal(title("tokenizer.json", key, value ?? "missing")) {
        let json: JSON = [
          "model": ["type": "BPE", "vocab": ["a": 0], "merges": [["a", "b"]]],
          "added_tokens": [["content": "<|endoftext|>", "id": 1]],
        ]
        let path = key.components(separatedBy: "|")[...]
        let file = try $0.write(json.with(path, value).compact, "t/tokenizer.json")
        _ = try CLIPTokenizer(folder: file.deletingLastPathComponent(), length: 77)
      }
    }
    return [
      changed("tokenizer_config.json", "model_max_length", -1),
      changed("tokenizer_config.json", "model_max_length", "77"),
      changed("tokenizer_config.json", "tokenizer_class", "T5Tokenizer"),
      changed("vocab.json", "fox</w>", 0.5), changed("vocab.json", "fox</w>", -1),
      written("vocab.json", "missing", nil), written("vocab.json", "as a list", "[1]"),
      written("merges.txt", "missing", nil), written("merges.txt", "of one word", "abc\n"),
      written("merges.txt", "without pairs", "#version: 0.2\n"),
      written("special_tokens_map.json", "no JSON", "{"),
      written("added_tokens.json", "no JSON", "{\"a\": }"),
      whole("model|type", "Unigram"), whole("model|vocab", nil), whole("model|vocab|a", -1),
      whole("model|merges", nil), whole("model|merges", ["a b c"]), whole("added_tokens", 3),
      whole("added_tokens|0|content", 3), whole("added_tokens|0|id", -1),
    ]
  }
}
