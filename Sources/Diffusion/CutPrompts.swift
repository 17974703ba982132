internal import Torch

/// Prompts with more tokens than the text encoder has places. The encoder reads their beginning alone.
package struct CutPrompts: Sendable, Hashable {
  /// The number of different prompts that are cut, and of all.
  package let count: Int
  package let total: Int
  /// The first prompt that is cut, and the words of it that have no effect.
  package let prompt: String
  package let lost: [String]
  /// Tokens that the encoder has room for.
  package let room: Int

  /// - Returns: nil where every prompt fits
  init?(_ prompts: [String], _ tokenizer: PromptTokenizer) {
    var seen: Set<String> = []
    let different = prompts.filter { seen.insert($0).inserted }
    let cut = different.compactMap { prompt -> (String, [String])? in
      let lost = tokenizer.lost(prompt)
      return lost.isEmpty ? nil : (prompt, lost)
    }
    guard let first = cut.first else { return nil }
    (count, total, room) = (cut.count, different.count, tokenizer.length - 2)
    (prompt, lost) = first
  }

  /// A sentence for the user.
  package var note: String {
    let words = "'\(lost.joined(separator: " "))' of '\(prompt)'"
    return total == 1
      ? "the text encoder takes \(room) tokens; without effect: \(words)"
      : "the text encoder takes \(room) tokens, and \(count) of \(total) prompts have more; "
        + "without effect: \(words)" + (count > 1 ? ", and the end of \(count - 1) more" : "")
  }
}

extension Layout {
  /// The tokenizers of the prompts.
  /// - Throws: ``LetheError`` for a model that takes no words
  package func tokenizer(for what: String) throws -> PromptTokenizer {
    switch pipeline {
    case .stableDiffusion(let tokenizer): return PromptTokenizer(tokenizer)
    case .stableDiffusionXL(let first, let second): return PromptTokenizer(first, [second])
    case .pixels:
      throw LetheError.unsupported(
        "\(what) needs a model that is asked in words; this one has classes")
    }
  }

  /// The prompts that do not fit into the text encoder; nil where all do, or where prompts are classes.
  package func cut(_ prompts: [String]) -> CutPrompts? {
    (try? tokenizer(for: "a prompt")).flatMap { CutPrompts(prompts, $0) }
  }

  /// - Parameter concept: the thing that the prompts ask for
  /// - Throws: ``LetheError`` for a prompt that does not fit: another that differs after its end would be the same
  package func refuseCut(_ prompts: [String], of concept: String) throws {
    guard let cut = cut(prompts) else { return }
    throw LetheError.request(
      "'\(concept)' is longer than the \(cut.room) tokens that the text encoder takes: "
        + "'\(cut.lost.joined(separator: " "))' of '\(cut.prompt)' would have no effect; use fewer words"
    )
  }
}
