public import Torch

/// Settings of several methods or attacks, each of the form NAME.key=value. As JSON they are a list of such texts.
public struct NamedSettings: Codable, Sendable, Hashable, ExpressibleByDictionaryLiteral {
  private let texts: [String]

  /// - Throws: ``LetheError`` of the kind `request` for text without an equals sign
  public init(_ texts: [String]) throws {
    if let stray = texts.first(where: { !$0.contains("=") }) {
      throw LetheError.badValue("--set", "'\(stray)' has no '='; accepted: NAME.key=value")
    }
    self.texts = texts
  }

  /// Values by NAME.key: `["esd.training.steps": 100]`.
  public init(dictionaryLiteral options: (String, JSON)...) {
    texts = options.map { "\($0)=\($1.compact)" }
  }

  public init(from decoder: any Decoder) throws {
    try self.init(decoder.singleValueContainer().decode([String].self))
  }
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(texts)
  }

  /// These settings, each of which belongs to one of the names.
  /// - Parameter noun: the kind of thing that `names` are, for messages
  /// - Throws: ``LetheError`` of the kind `request` for a setting with another name
  package func of(oneOf names: [String], _ noun: String) throws -> NamedSettings {
    guard let stray = texts.first(where: { text in !names.contains { text.hasPrefix($0 + ".") } })
    else { return self }
    throw LetheError.badValue(
      "--set",
      "'\(stray)' names no \(noun) of this command; accepted: NAME.key=value, where NAME is one of "
        + names.joined(separator: ", "))
  }

  /// The settings of one name, with the name cut off.
  package func of(_ name: String) throws -> Settings {
    try Settings(
      texts.filter { $0.hasPrefix(name + ".") }.map { String($0.dropFirst(name.count + 1)) })
  }

  /// The settings as they were given: NAME.key and the text of its value.
  package var given: [(key: String, value: String)] {
    texts.map { text in
      let equals = text.firstIndex(of: "=") ?? text.endIndex
      return (String(text[..<equals]), String(text[equals...].dropFirst()))
    }
  }
}
