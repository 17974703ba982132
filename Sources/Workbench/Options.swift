// Options as a command line gives them: `key=value`, `a.b=value`, or NAME.key=value for one of several methods or attacks.
internal import Foundation
package import Torch

/// Settings of the form `a.b=value`, as `--set` takes them.
package struct Settings: Sendable {
  package let json: JSON
  /// The option or the file that they come from, for messages.
  private let source: String

  /// - Throws: ``LetheError`` of the kind `request` for text without an equals sign
  package init(_ settings: [String], from source: String = "--set") throws {
    self.source = source
    json = try settings.reduce(JSON.object([:])) { json, setting in
      guard let equals = setting.firstIndex(of: "=") else {
        throw LetheError.badValue("--set", "'\(setting)' has no '='; accepted: key=value")
      }
      let path = setting[..<equals].split(separator: ".").map(String.init)
      let value = String(setting[setting.index(after: equals)...])
      return Self.insert(Self.value(value), at: path[...], into: json)
    }
  }

  /// The defaults, overridden by the settings.
  /// - Throws: ``LetheError`` of the kind `request` for unknown keys and for values of another type
  package func laid<T: Codable>(over defaults: T) throws -> T {
    try json.laid(over: defaults, in: source)
  }

  /// The text as JSON (a number, true, false, a list or an object), or else as a string.
  private static func value(_ text: String) -> JSON {
    (try? JSONDecoder().decode(JSON.self, from: Data(text.utf8))) ?? .string(text)
  }

  private static func insert(_ value: JSON, at path: ArraySlice<String>, into json: JSON) -> JSON {
    guard let first = path.first else { return value }
    var members = json.members ?? [:]
    members[first] = insert(value, at: path.dropFirst(), into: members[first] ?? .object([:]))
    return .object(members)
  }
}

/// Settings of the form NAME.key=value, for commands that configure several methods or attacks.
package struct NamedSettings: Sendable {
  private let settings: [String]

  /// Checks that each setting belongs to one of the names.
  /// - Parameter noun: the kind of thing that `names` are, for messages
  /// - Throws: ``LetheError`` of the kind `request` for a setting with another name
  package init(_ settings: [String], of names: [String], _ noun: String) throws {
    self.settings = settings
    if let stray = settings.first(where: { s in !names.contains { s.hasPrefix($0 + ".") } }) {
      throw LetheError.badValue(
        "--set",
        "'\(stray)' names no \(noun) of this command; accepted: NAME.key=value, where NAME is one of "
          + names.joined(separator: ", "))
    }
  }

  /// The settings of one name, with the name cut off.
  package func of(_ name: String) -> [String] {
    settings.filter { $0.hasPrefix(name + ".") }.map { String($0.dropFirst(name.count + 1)) }
  }
}
