// Places of an adversary's tokens a_1 .. a_k among a prompt's own w_1 .. w_n (Zhang et al., AdvUnlearn, 2024):
//
//   prefix      a_1 .. a_k w_1 .. w_n
//   suffix      w_1 .. w_n a_1 .. a_k
//   insert      w_1 .. w_m a_1 w_m+1 .. w_2m a_2 .. w_n,   m = n / (k + 1) rounded down
//   everyThird  a_1 w_1 w_2 w_3 a_2 w_4 ..; those left over follow the last word (P4D-K)
//   replace     a_1 .. a_k
//
// Start and end tokens stand around them, and the sequence is padded as every prompt. Tokens are counted, not words:
// "nudity" is two tokens, and code that counts words leaves the second out of the prompt it trains against.
package import Diffusion
public import Torch

/// The place of an adversary's tokens among a prompt's own.
public enum TokenPlacement: String, Choice {
  case prefix, suffix, insert, everyThird, replace

  enum Slot: Equatable {
    case word(Int)
    case adversary(Int)
  }

  /// The order of a prompt's tokens and the adversary's.
  func slots(_ words: [Int], _ count: Int) -> [Slot] {
    let own = words.map(Slot.word)
    let adversary = (0..<count).map(Slot.adversary)
    switch self {
    case .prefix: return adversary + own
    case .suffix: return own + adversary
    case .replace: return adversary
    case .insert: return placed(own, adversary) { ($0 + 1) * (words.count / (count + 1)) }
    case .everyThird: return placed(own, adversary) { min(3 * $0, words.count) }
    }
  }

  /// The i-th of the adversary's slots after `places(i)` of the prompt's.
  private func placed(_ own: [Slot], _ adversary: [Slot], _ places: (Int) -> Int) -> [Slot] {
    (0...own.count).flatMap { i in
      adversary.indices.filter { places($0) == i }.map { adversary[$0] }
        + (i < own.count ? [own[i]] : [])
    }
  }

  /// Tokens that a prompt and `count` more take up, in the encoder where they are most.
  package func length(_ words: PromptTokens, _ count: Int) -> Int {
    words.rows.map { slots($0, count).count }.max() ?? 0
  }

  /// The prompt's ids in the first encoder with the adversary's in their places, without start, end and padding.
  package func ids(_ words: PromptTokens, adversary: [Int]) -> [Int] {
    slots(words.rows[0], adversary.count).map { slot in
      switch slot {
      case .word(let id): id
      case .adversary(let i): adversary[i]
      }
    }
  }
}

/// Prompts with places for an adversary's word embeddings.
package struct AdversarialPrompts {
  /// Word embeddings of each prompt: start, words, end, padding [B, l, D]
  private let own: Tensor
  /// For each text encoder: for every place of a sequence the row of [adversary; own] it shows [B, L]
  private let orders: [Tensor]
  /// The width of each text encoder's part of D.
  private let widths: [Int]
  package let count: Int

  package init(
    _ prompts: [String], _ tokenizer: PromptTokenizer, _ model: DiffusionModel,
    _ placement: TokenPlacement, tokens: Int
  ) throws {
    try self.init(
      words: prompts.map(tokenizer.words), tokenizer, model, placement, tokens: tokens)
  }

  /// - Parameters:
  ///   - words: ids of each prompt without start, end and padding
  ///   - tokens: k of every prompt
  /// - Throws: ``LetheError`` for a prompt without room
  package init(
    words: [PromptTokens], _ tokenizer: PromptTokenizer, _ model: DiffusionModel,
    _ placement: TokenPlacement, tokens: Int
  ) throws {
    let encoders = tokenizer.encoders
    orders = try encoders.indices.map { encoder in
      try Self.order(words.map { $0.rows[encoder] }, tokenizer.length, placement, tokens: tokens)
        .to(model.device)
    }
    // One place of padding more than the longest prompt needs, for the places of padding to point at.
    let longest = 3 + (words.map(\.count).max() ?? 0)
    own = withoutGradients {
      model.wordEmbeddings(
        words.map { words in
          PromptTokens(
            zip(encoders, words.rows).map { encoder, ids in
              let sequence = [encoder.startToken] + ids + [encoder.endToken]
              return sequence
                + Array(repeating: encoder.padToken, count: longest - sequence.count)
            })
        })
    }
    (count, widths) = (words.count, model.widths)
  }

  /// For every place of a sequence the row of [adversary; own] it shows: [B, L]
  /// - Parameter words: ids of each prompt for one encoder
  private static func order(
    _ words: [[Int]], _ length: Int, _ placement: TokenPlacement, tokens: Int
  ) throws -> Tensor {
    var rows: [Int] = []
    for ids in words {
      let slots = placement.slots(ids, tokens)
      guard slots.count <= length - 2 else {
        throw LetheError.request(
          "a prompt of \(ids.count) tokens and \(tokens) more are \(slots.count); the text encoder takes "
            + "\(length - 2)"
        )
      }
      // Own rows: start, the prompt's words, end, padding; the longest prompt has padding too.
      var next = 0
      let middle = slots.map { slot -> Int in
        switch slot {
        case .adversary(let i): return i
        case .word:
          next += 1
          return tokens + next
        }
      }
      let end = tokens + ids.count + 1
      let padding = Array(repeating: end + 1, count: max(0, length - 2 - slots.count))
      rows += [tokens] + middle + [end] + padding
    }
    return Tensor(rows, [words.count, length])
  }

  /// Sequences for the encoder: adversary [B, k, D] -> [B, L, D]
  package func embeddings(_ adversary: Tensor) -> Tensor {
    let all = Tensor.concatenate([adversary, own], 1)
    var first = 0
    let parts = zip(orders, widths).map { order, width -> Tensor in
      defer { first += width }
      let part = orders.count == 1 ? all : all.narrowed(2, first, width)
      return part.gathered(1, order.unsqueezed(2).expanded(order.size(0), order.size(1), width))
    }
    return parts.count == 1 ? parts[0] : Tensor.concatenate(parts, 2)
  }

  /// Some of the prompts.
  package func rows(_ picks: [Int]) -> AdversarialPrompts {
    AdversarialPrompts(
      own: own.indexed(0, picks), orders: orders.map { $0.indexed(0, picks) }, widths: widths,
      count: picks.count)
  }

  private init(own: Tensor, orders: [Tensor], widths: [Int], count: Int) {
    (self.own, self.orders, self.widths, self.count) = (own, orders, widths, count)
  }
}
