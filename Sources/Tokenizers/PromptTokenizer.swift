/// A prompt's ids, one row for each of a model's text encoders; of a class, its number.
public struct PromptTokens: Sendable, Hashable {
  /// Ids, one row for each text encoder.
  public var rows: [[Int]]
  /// Whether the embedding is zeros, whatever the ids: SDXL's missing negative prompt.
  public var isZero: Bool

  /// Ids, one row for each text encoder.
  public init(_ rows: [[Int]], isZero: Bool = false) { (self.rows, self.isZero) = (rows, isZero) }

  /// Ids of the longest row.
  public var count: Int { rows.map(\.count).max() ?? 0 }
}

/// The tokenizers of a model, one for each of its text encoders. They share ids, and differ in
/// their padding token, and so in the characters that they cut out of a text.
public struct PromptTokenizer: Sendable {
  /// The tokenizer of each text encoder.
  public let encoders: [CLIPTokenizer]
  /// Length that prompts are cut and padded to.
  public let length: Int

  package init(_ first: CLIPTokenizer, _ others: [CLIPTokenizer] = []) {
    (encoders, length) = ([first] + others, first.length)
  }

  /// Ids without start, end and padding.
  public func words(_ prompt: String) -> PromptTokens {
    PromptTokens(encoders.map { $0.words(prompt) })
  }

  /// Ids of a prompt with start, end and padding, ``length`` in each row.
  public func callAsFunction(_ prompt: String) -> PromptTokens {
    PromptTokens(encoders.map { $0(prompt) })
  }

  /// Ids without start, end and padding -> always ``length`` ids.
  public func padded(_ words: PromptTokens) -> PromptTokens {
    PromptTokens(zip(encoders, words.rows).map { $0.padded($1) })
  }

  /// The same ids for every encoder.
  public func same(_ ids: [Int]) -> PromptTokens { PromptTokens(encoders.map { _ in ids }) }

  /// Turns ids of the first encoder back into text.
  public func decoder() -> CLIPTokenizer.Decoder {
    encoders[0].decoder(beside: Array(encoders.dropFirst()))
  }

  /// Words of a prompt beyond the last place of one of the encoders.
  public func lost(_ prompt: String) -> [String] {
    encoders.map { $0.lost(prompt) }.max { $0.count < $1.count } ?? []
  }
}
