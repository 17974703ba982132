// The rows of a prompt's embedding that stand for a concept, and the rows of its anchor that take their place. UCE
// and RECE edit the weights at these rows.
internal import Diffusion
internal import Editing
internal import Torch

enum TokenAlignment {
  /// The rows of all phrases of several concepts, each times sqrt(w_k), so that concept k has the same share of a sum
  /// of products of rows as any other: w_k = n / (concepts * rows of k), with n rows in all. A short phrase has more rows
  /// than a long one, as they reach to the end of the text. One concept has w = 1.
  static func aligned(
    _ concepts: [Concept], _ model: DiffusionModel
  ) throws -> (concept: Tensor, guide: Tensor) {
    let texts = Set(concepts.flatMap(\.phrases).flatMap { [$0.prompt, $0.anchor] })
    let hidden = embedded(texts.sorted(), model)
    let rows = try concepts.map { concept in
      try concept.phrases.map { try aligned($0, model, known: hidden) }
    }
    let counts = rows.map { $0.reduce(0) { $0 + $1.concept.size(0) } }
    let n = counts.reduce(0, +)
    let pairs = zip(rows, counts).flatMap { pairs, count in
      let w = Double(n) / Double(concepts.count * max(1, count))
      return pairs.map { c, g in
        w == 1 ? (c, g) : (w.squareRoot() * c, w.squareRoot() * g)
      }
    }
    return (Tensor.concatenate(pairs.map(\.0)), Tensor.concatenate(pairs.map(\.1)))  // [n, D]
  }

  /// The embeddings of texts, each once: many phrases have one anchor. [T, D] each, in float64.
  private static func embedded(_ texts: [String], _ model: DiffusionModel) -> [String: Tensor] {
    var found: [String: Tensor] = [:]
    for first in stride(from: 0, to: texts.count, by: 64) {
      let some = Array(texts[first..<min(first + 64, texts.count)])
      let hidden = model.embed(some).hidden.inFloat64()
      for (i, text) in some.enumerated() { found[text] = hidden[0, at: i] }
    }
    return found
  }

  /// Rows of a phrase from the last token of its concept on, and the rows of the anchor that stand
  /// at the same distance from the end of the text they share: both [m, D].
  /// - Parameter known: embeddings that are there already, by text
  static func aligned(
    _ phrase: Concept.Phrase, _ model: DiffusionModel, known: [String: Tensor] = [:]
  ) throws -> (concept: Tensor, guide: Tensor) {
    let (prompt, last) = try place(phrase, model)
    let anchor = model.tokens(phrase.anchor).rows[0]
    let tokenizer = try encoder(of: model)
    let ends = (
      1 + tokenizer.words(phrase.prompt).count, 1 + tokenizer.words(phrase.anchor).count
    )
    // Text that both share at the end, e.g. "... , noto style", keeps its meaning row by row.
    let shift = min(ends.0, prompt.count - 1) - min(ends.1, anchor.count - 1)
    let rows = (last..<prompt.count).filter { $0 - shift < prompt.count }
    func hidden(_ text: String) -> Tensor {
      known[text] ?? model.embed([text]).hidden.inFloat64()[0, at: 0]
    }
    return (
      hidden(phrase.prompt).indexed(0, rows),
      hidden(phrase.anchor).indexed(0, rows.map { max(0, $0 - shift) })
    )
  }

  /// A phrase's tokens, and the index of the last one of its concept.
  /// - Throws: ``LetheError`` of the kind `request` for a concept that is cut off
  static func place(
    _ phrase: Concept.Phrase, _ model: DiffusionModel
  ) throws -> (prompt: [Int], last: Int) {
    // Where two text encoders cut a text differently, the first one's tokens count.
    let prompt = model.tokens(phrase.prompt).rows[0]
    let words = try encoder(of: model).words(phrase.words)
    guard let last = lastIndex(of: words, in: prompt) else {
      throw LetheError.request(
        "the words '\(phrase.words)' are not within the \(prompt.count) tokens of '\(phrase.prompt)'"
      )
    }
    return (prompt, last)
  }

  /// The first tokenizer.
  /// - Throws: ``LetheError`` for a model that is asked by classes
  private static func encoder(of model: DiffusionModel) throws -> CLIPTokenizer {
    try model.tokenizer(for: "an edit of keys and values").encoders[0]
  }

  /// Index of the last token of the first occurrence of `words`.
  private static func lastIndex(of words: [Int], in tokens: [Int]) -> Int? {
    guard !words.isEmpty, words.count <= tokens.count else { return nil }
    return (0...(tokens.count - words.count))
      .first { Array(tokens[$0..<($0 + words.count)]) == words }.map { $0 + words.count - 1 }
  }
}
