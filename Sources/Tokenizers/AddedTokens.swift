internal import Foundation
internal import Torch

/// Finds added tokens in a text. Those that are sought in the text as it is come first.
struct AddedTokens: Sendable {
  enum Part: Sendable {
    case token(Int)
    /// Text between tokens, normalized.
    case text([Unicode.Scalar])
  }

  private struct Sought: Sendable {
    var scalars: [Unicode.Scalar]
    var id: Int
    var isSingleWord: Bool
  }

  /// Ids by content.
  let ids: [String: Int]
  /// The ids that a token stands for where it has several vectors: those of TOKEN, TOKEN_1, TOKEN_2, ...
  let groups: [Int: [Int]]
  private let raw: [Sought]
  private let normalized: [Sought]

  /// - Parameter vocabulary: ids of the tokens that have one; others get those after the last
  init(_ tokens: [AddedToken], _ vocabulary: [String: Int]) {
    var next = (vocabulary.values.max() ?? -1) + 1
    var ids: [String: Int] = [:]
    for token in tokens where ids[token.content] == nil {
      if let known = vocabulary[token.content] {
        ids[token.content] = known
      } else {
        ids[token.content] = next
        next += 1
      }
    }
    self.ids = ids
    groups = ids.reduce(into: [:]) { groups, token in
      let more = (1...).lazy.map { ids["\(token.key)_\($0)"] }.prefix { $0 != nil }
      let rest = more.compactMap(\.self)
      if !rest.isEmpty { groups[token.value] = [token.value] + rest }
    }
    func sought(_ isNormalized: Bool) -> [Sought] {
      tokens.filter { $0.isNormalized == isNormalized && !$0.content.isEmpty }.map {
        Sought(
          scalars: isNormalized
            ? CLIPWords.normalized(Array($0.content.unicodeScalars))
            : Array($0.content.unicodeScalars),
          id: ids[$0.content] ?? 0, isSingleWord: $0.isSingleWord)
      }
    }
    (raw, normalized) = (sought(false), sought(true))
  }

  func parts(_ text: String) -> [Part] {
    Self.cut(Array(text.unicodeScalars), by: raw).flatMap { part -> [Part] in
      switch part {
      case .token: [part]
      case .text(let text): Self.cut(CLIPWords.normalized(text), by: normalized)
      }
    }
  }

  /// Whether a text of the vocabulary could not be typed, because an added token in it is cut out.
  func isCut(_ text: String) -> Bool {
    Self.cut(Array(text.unicodeScalars), by: raw + normalized).contains {
      if case .token = $0 { true } else { false }
    }
  }

  /// The text around the first and longest of `tokens`, again and again.
  private static func cut(_ text: [Unicode.Scalar], by tokens: [Sought]) -> [Part] {
    var parts: [Part] = []
    var (begin, i) = (0, 0)
    while i < text.count {
      let found = tokens.filter { text[i...].starts(with: $0.scalars) }
        .max { $0.scalars.count < $1.scalars.count }
      guard let found else {
        i += 1
        continue
      }
      let after = i + found.scalars.count
      if found.isSingleWord,
        (i > 0 && isWord(text[i - 1])) || (after < text.count && isWord(text[after]))
      {
        i = after
        continue
      }
      if begin < i { parts.append(.text(Array(text[begin..<i]))) }
      parts.append(.token(found.id))
      (begin, i) = (after, after)
    }
    if begin < text.count { parts.append(.text(Array(text[begin...]))) }
    return parts
  }

  private static func isWord(_ s: Unicode.Scalar) -> Bool {
    s == "_" || s.properties.isAlphabetic || s.properties.numericType == .decimal
  }
}
