// The words that CLIP's tokenizer cuts a text into before it takes byte pairs.
internal import Foundation

enum CLIPWords {
  static func split(_ text: String) -> [String] { split(normalized(Array(text.unicodeScalars))) }

  /// Words of a normalized text as the pattern `'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+` finds them.
  static func split(_ scalars: [Unicode.Scalar]) -> [String] {
    var words: [String] = []
    var i = 0
    while i < scalars.count {
      let start = i
      switch Kind(scalars[i]) {
      case .space:
        i += 1
        continue
      case .digit:
        i += 1
      case .letter:
        while i < scalars.count, Kind(scalars[i]) == .letter { i += 1 }
      case .other:
        if let length = contraction(scalars, at: i) {
          i += length
        } else {
          while i < scalars.count, Kind(scalars[i]) == .other { i += 1 }
        }
      }
      var view = String.UnicodeScalarView()
      view.append(contentsOf: scalars[start..<i])
      words.append(String(view))
    }
    return words
  }

  /// NFC, white space folded to one blank, lower case.
  static func normalized(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar] {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars)
    var folded: [Unicode.Scalar] = []
    for s in String(view).precomposedStringWithCanonicalMapping.unicodeScalars {
      if !s.properties.isWhitespace {
        folded += s.properties.lowercaseMapping.unicodeScalars
      } else if folded.last != " " {
        folded.append(" ")
      }
    }
    return folded
  }

  private enum Kind {
    case space, letter, digit, other
    init(_ s: Unicode.Scalar) {
      if s.properties.isWhitespace {
        self = .space
        return
      }
      switch s.properties.generalCategory {
      case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
        self = .letter
      case .decimalNumber, .letterNumber, .otherNumber: self = .digit
      default: self = .other
      }
    }
  }

  private static let contractions: [[Unicode.Scalar]] =
    ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"].map { Array($0.unicodeScalars) }

  private static func contraction(_ scalars: [Unicode.Scalar], at i: Int) -> Int? {
    contractions.first { scalars[i...].starts(with: $0) }?.count
  }
}
