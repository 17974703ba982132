/// A choice between words, in options and in files. A word that is none of them is refused with those that are.
public protocol Choice: RawRepresentable<String>, CaseIterable, Codable, Hashable, Sendable {}

extension Choice {
  /// Reads a word.
  /// - Throws: `DecodingError` that lists the words, where it is none of them
  public init(from decoder: any Decoder) throws {
    let place = try decoder.singleValueContainer()
    guard let found = Self(rawValue: try place.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(
        in: place,
        debugDescription: "one of \(Self.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    self = found
  }
}
