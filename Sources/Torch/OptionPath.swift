/// The keys that lead to an option, written with points: `training.steps`.
public struct OptionPath: Sendable, Hashable, ExpressibleByStringLiteral, CustomStringConvertible {
  public let keys: [String]

  public init(_ keys: [String]) { self.keys = keys }
  public init(_ text: String) { keys = text.split(separator: ".").map(String.init) }
  public init(stringLiteral text: String) { self.init(text) }

  public var description: String { keys.joined(separator: ".") }
}

extension JSON {
  /// The value at a path; nil where there is none.
  package func value(at path: OptionPath) -> JSON? {
    path.keys.reduce(Optional(self)) { $0?[$1] }
  }

  /// The same value without that at a path.
  package func without(_ path: OptionPath) -> JSON { without(path.keys[...]) }

  private func without(_ keys: ArraySlice<String>) -> JSON {
    guard let key = keys.first, let value = self[key] else { return self }
    var copy = self
    copy[key] = keys.count > 1 ? value.without(keys.dropFirst()) : nil
    return copy
  }
}
