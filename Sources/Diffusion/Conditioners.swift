internal import Torch

/// Prompts in words, through a tokenizer and CLIP's text encoder.
struct TextConditioner: PromptConditioner {
  private let tokenizer: CLIPTokenizer
  private let text: CLIPText
  private let device: Device
  var widths: [Int] { [text.width] }

  init(_ tokenizer: CLIPTokenizer, _ text: CLIPText, _ device: Device) throws {
    try text.check(tokenizer)
    (self.tokenizer, self.text, self.device) = (tokenizer, text, device)
  }

  func tokens(_ prompt: String) -> PromptTokens { PromptTokens([tokenizer(prompt)]) }

  func wordEmbeddings(_ tokens: [PromptTokens]) -> Tensor {
    text.wordEmbeddings(tokens.row(0).to(device))
  }

  func encode(_ embeddings: Tensor) -> Conditioning {
    Conditioning(text.encode(embeddings), pooled: nil)
  }

  func check(_ prompts: [String]) throws { try Limit.check(prompts: prompts) }
}

/// Prompts in words through SDXL's two text encoders: states before the last layer side by side, and the second
/// encoder's projected vector. Each encoder gets its own tokenizer's ids; both have one vocabulary.
struct TwoTextConditioner: PromptConditioner {
  private let tokenizer: CLIPTokenizer
  private let second: CLIPTokenizer
  private let texts: (CLIPText, CLIPText)
  /// Whether no prompt at all is zeros, as diffusers has it where no negative prompt is given.
  private let zeroesEmpty: Bool
  private let device: Device
  var widths: [Int] { [texts.0.width, texts.1.width] }
  var width: Int { texts.0.width + texts.1.width }
  /// Width of the pooled prompt.
  var pooledWidth: Int { texts.1.pooledWidth ?? 0 }

  init(
    _ tokenizer: CLIPTokenizer, _ text: CLIPText, _ second: CLIPTokenizer, _ text2: CLIPText,
    zeroesEmpty: Bool, _ device: Device
  ) throws {
    let probe = "a naïve photo of 12 foxes, isn't it?"
    guard tokenizer.words(probe) == second.words(probe), text.vocabulary == text2.vocabulary,
      tokenizer.length == second.length
    else { throw LetheError.unsupported("the two tokenizers have different vocabularies") }
    try text.check(tokenizer)
    try text2.check(second)
    (self.tokenizer, self.second, texts) = (tokenizer, second, (text, text2))
    (self.zeroesEmpty, self.device) = (zeroesEmpty, device)
  }

  func tokens(_ prompt: String) -> PromptTokens {
    PromptTokens([tokenizer(prompt), second(prompt)])
  }

  var nothing: PromptTokens { PromptTokens(tokens("").rows, isZero: zeroesEmpty) }

  /// Both encoders' embeddings side by side [B, L, D1 + D2].
  func wordEmbeddings(_ tokens: [PromptTokens]) -> Tensor {
    let both = Tensor.concatenate(
      [
        texts.0.wordEmbeddings(tokens.row(0).to(device)),
        texts.1.wordEmbeddings(tokens.row(1).to(device)),
      ], 2)
    guard tokens.contains(where: \.isZero) else { return both }
    let kept = Tensor(tokens.map { $0.isZero ? 0 : 1 } as [Float], [tokens.count, 1, 1])
      .to(device)
    return both * kept
  }

  func encode(_ embeddings: Tensor) -> Conditioning {
    let first = texts.0.states(embeddings.narrowed(2, 0, texts.0.width))
    let own = embeddings.narrowed(2, texts.0.width, texts.1.width)
    let last = texts.1.states(own)
    let ends = withoutGradients { texts.1.ends(own.detached(), end: second.endToken) }
    let pooled = texts.1.pooled(last.last, at: ends)
    let hidden = Tensor.concatenate([first.penultimate, last.penultimate], 2)
    // Embeddings of zeros stand for no prompt and stay zeros.
    let kept = withoutGradients {
      embeddings.detached().abs().sum(1, 2).isGreater(than: 0).to(embeddings.dtype)
    }
    return Conditioning(
      hidden * kept.unsqueezed(1, 2), pooled: pooled.map { $0 * kept.unsqueezed(1) })
  }

  func check(_ prompts: [String]) throws { try Limit.check(prompts: prompts) }
}

/// Prompts that are the names of classes. The number after the last class stands for the empty prompt, where
/// the network has a row for it; that is what guidance pushes away from.
struct ClassConditioner: PromptConditioner {
  let classes: [String]
  var widths: [Int] { [1] }
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

  /// A name that is no class gets the empty prompt's row, or the last row there is. `check` refuses such names before.
  func tokens(_ prompt: String) -> PromptTokens {
    PromptTokens([
      [classes.firstIndex(of: prompt) ?? (hasEmpty ? classes.count : classes.count - 1)]
    ])
  }

  func wordEmbeddings(_ tokens: [PromptTokens]) -> Tensor { tokens.row(0).to(device) }

  func encode(_ embeddings: Tensor) -> Conditioning {
    Conditioning(embeddings, pooled: nil)
  }

  func check(_ prompts: [String]) throws {
    for prompt in prompts where !(prompt.isEmpty && hasEmpty) && !classes.contains(prompt) {
      throw LetheError.model(
        classes.isEmpty
          ? "'\(prompt)' means nothing to this model, which has no classes; accepted: the empty prompt"
          : "the model has no class '\(prompt)'; it has: \(classes.joined(separator: ", "))")
    }
  }
}

extension [PromptTokens] {
  /// One encoder's ids of every prompt [B, L].
  fileprivate func row(_ encoder: Int) -> Tensor {
    let ids = map { $0.rows[encoder] }
    return Tensor(ids.flatMap { $0 }, [count, ids.first?.count ?? 0])
  }
}
