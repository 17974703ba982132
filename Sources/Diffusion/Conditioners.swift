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

/// Prompts in words through SDXL's two text encoders: states before the last layer side by side, and the second
/// encoder's projected vector. Both tokenizers have one vocabulary and differ in how they pad.
struct TwoTextConditioner: PromptConditioner {
  private let tokenizer: CLIPTokenizer
  private let second: CLIPTokenizer
  private let texts: (CLIPText, CLIPText)
  /// Whether a prompt without words is zeros, as diffusers has it where no negative prompt is given.
  private let zeroesEmpty: Bool
  private let device: Device
  var width: Int { texts.0.width + texts.1.width }

  init(
    _ tokenizer: CLIPTokenizer, _ text: CLIPText, _ second: CLIPTokenizer, _ text2: CLIPText,
    zeroesEmpty: Bool, _ device: Device
  ) throws {
    let probe = "a naïve photo of 12 foxes, isn't it!?"
    guard tokenizer.words(probe) == second.words(probe), text.vocabulary == text2.vocabulary,
      tokenizer.length == second.length
    else { throw LetheError.unsupported("the two tokenizers have different vocabularies") }
    (self.tokenizer, self.second, texts) = (tokenizer, second, (text, text2))
    (self.zeroesEmpty, self.device) = (zeroesEmpty, device)
  }

  /// Those of the first tokenizer.
  func tokens(_ prompt: String) -> [Int] { tokenizer(prompt) }

  /// Both encoders' embeddings side by side [B, L, D1 + D2].
  func wordEmbeddings(_ tokens: [[Int]]) -> Tensor {
    let shape = [tokens.count, tokens.first?.count ?? 0]
    // After the first end the second tokenizer pads in its own way.
    let others = tokens.map { ids -> [Int] in
      guard let end = ids.firstIndex(of: tokenizer.endToken) else { return ids }
      return ids.enumerated().map { $0 <= end ? $1 : second.padToken }
    }
    let parts = zip([texts.0, texts.1], [tokens, others]).map { text, ids in
      text.wordEmbeddings(Tensor(ids.flatMap { $0 }, shape).to(device))
    }
    let both = Tensor.concatenate(parts, 2)
    let isEmpty = tokens.map { zeroesEmpty && $0 == tokenizer("") }
    guard isEmpty.contains(true) else { return both }
    let kept = Tensor(isEmpty.map { $0 ? 0 : 1 } as [Float], [tokens.count, 1, 1]).to(device)
    return both * kept
  }

  func encode(_ embeddings: Tensor) -> Conditioning {
    let first = texts.0.states(embeddings.narrowed(2, 0, texts.0.width))
    let own = embeddings.narrowed(2, texts.0.width, texts.1.width)
    let last = texts.1.states(own)
    let pooled = texts.1.pooled(last.last, at: ends(own))
    let hidden = Tensor.concatenate([first.penultimate, last.penultimate], 2)
    // Embeddings of zeros stand for the empty prompt and stay zeros.
    let kept = withoutGradients {
      embeddings.detached().abs().sum(1, 2).isGreater(than: 0).to(embeddings.dtype)
    }
    return Conditioning(
      hidden * kept.unsqueezed(1, 2), pooled: pooled.map { $0 * kept.unsqueezed(1) })
  }

  /// Where each sequence ends: the first place that is the end token's embedding.
  private func ends(_ embeddings: Tensor) -> [Int] {
    withoutGradients {
      let end = texts.1.wordEmbeddings(Tensor([second.endToken], [1, 1]).to(device))
      let isEnd = (embeddings.detached() - end).abs().sum(2).equals(0)
      return isEnd.to(.int64).argmax(1).ints
    }
  }

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
      throw LetheError.model(
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
      throw LetheError.model(
        classes.isEmpty
          ? "'\(prompt)' means nothing to this model, which has no classes; accepted: the empty prompt"
          : "the model has no class '\(prompt)'; it has: \(classes.joined(separator: ", "))")
    }
  }
}
