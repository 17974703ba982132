internal import Torch

/// Prompts in words, through a tokenizer and CLIP's text encoder.
struct TextConditioner: PromptConditioner {
  private let tokenizer: CLIPTokenizer
  private let text: CLIPText
  private let device: Device

  init(_ tokenizer: CLIPTokenizer, _ text: CLIPText, _ device: Device) {
    (self.tokenizer, self.text, self.device) = (tokenizer, text, device)
  }

  func tokens(_ prompt: String) -> [Int] { tokenizer(prompt) }

  func wordEmbeddings(_ tokens: [[Int]]) -> Tensor {
    text.wordEmbeddings(
      Tensor(tokens.flatMap { $0 }, [tokens.count, tokens.first?.count ?? 0]).to(device))
  }

  func encode(_ embeddings: Tensor) -> Conditioning { Conditioning(text.encode(embeddings)) }

  func check(_ prompts: [String]) throws {}
}

/// Prompts that are the names of classes. The number after the last class stands for the empty prompt, where
/// the network has a row for it; that is what guidance pushes away from.
struct ClassConditioner: PromptConditioner {
  let classes: [String]
  private let hasEmpty: Bool
  private let device: Device

  /// - Parameter rows: of the network's table of classes; 0 without one
  init(_ classes: [String], rows: Int, _ device: Device) throws {
    guard rows == classes.count || rows == classes.count + 1 else {
      throw ModelError.invalid(
        "classes.json names \(classes.count) classes, the U-Net's num_class_embeds is \(rows); accepted: "
          + "as many as there are names, or one more for the empty prompt")
    }
    (self.classes, self.device) = (classes, device)
    hasEmpty = rows == 0 || rows == classes.count + 1
  }

  /// A prompt that means nothing gets the empty prompt's row, or the last there is; see `check`.
  func tokens(_ prompt: String) -> [Int] {
    [classes.firstIndex(of: prompt) ?? (hasEmpty ? classes.count : classes.count - 1)]
  }

  func wordEmbeddings(_ tokens: [[Int]]) -> Tensor {
    Tensor(tokens.flatMap { $0 }, [tokens.count, 1]).to(device)
  }

  func encode(_ embeddings: Tensor) -> Conditioning { Conditioning(embeddings) }

  func check(_ prompts: [String]) throws {
    for prompt in prompts where !(prompt.isEmpty && hasEmpty) && !classes.contains(prompt) {
      throw ModelError.invalid(
        classes.isEmpty
          ? "'\(prompt)' means nothing to this model, which has no classes; accepted: the empty prompt"
          : "the model has no class '\(prompt)'; it has: \(classes.joined(separator: ", "))")
    }
  }
}
