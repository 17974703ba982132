internal import Foundation

/// The method of rows, as tables tell it from others. Files and tables have it as text: `esd`, `esd inside meta`, or
/// `original (RUNS)` for one of several originals.
public struct RowLabel: Sendable, Hashable {
  /// The method's name, or `original`.
  public var method: String
  /// The wrapping method around it.
  public var inside: String?
  /// In a comparison whose runs have different pictures of the original, the runs that have these.
  public var runs: String?

  public init(_ method: String, inside: String? = nil, runs: String? = nil) {
    (self.method, self.inside, self.runs) = (method, inside, runs)
  }
}

extension RowLabel: CustomStringConvertible, ExpressibleByStringLiteral {
  private static let (around, original) = (" inside ", "original")

  public var description: String {
    runs.map { "\(method) (\($0))" } ?? inside.map { method + Self.around + $0 } ?? method
  }

  /// A label as files have it.
  public init(text: String) {
    if text.hasPrefix(Self.original + " ("), text.hasSuffix(")") {
      self.init(Self.original, runs: String(text.dropFirst(Self.original.count + 2).dropLast()))
    } else if let found = text.range(of: Self.around) {
      self.init(String(text[..<found.lowerBound]), inside: String(text[found.upperBound...]))
    } else {
      self.init(text)
    }
  }

  public init(stringLiteral text: String) { self.init(text: text) }
}

extension RowLabel: Codable, CodingKeyRepresentable {
  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  public var codingKey: any CodingKey { Key(stringValue: description) }
  public init?<T: CodingKey>(codingKey: T) { self.init(text: codingKey.stringValue) }

  public init(from decoder: any Decoder) throws {
    self.init(text: try decoder.singleValueContainer().decode(String.self))
  }

  public func encode(to encoder: any Encoder) throws {
    var place = encoder.singleValueContainer()
    try place.encode(description)
  }
}
