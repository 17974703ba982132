// Options that a command line, a file or a benchmark sets, over the defaults of a method or attack.
internal import Foundation
package import Torch

/// Options that are set, and where they are set. Options of a part, such as `training`, are an object within.
package struct Settings: Sendable, Equatable, ExpressibleByDictionaryLiteral {
  package let json: JSON
  /// The option or the file that sets them, for messages and for the record.
  package let source: String

  package init(_ json: JSON, from source: String = "--set") {
    (self.json, self.source) = (json, source)
  }

  package init(dictionaryLiteral options: (String, JSON)...) {
    self.init(.object(Dictionary(options) { $1 }))
  }

  /// - Parameter settings: `key=value` or `a.b=value`, as `--set` takes them
  /// - Throws: ``LetheError`` of the kind `request` for text without an equals sign or without a name
  package init(_ settings: [String]) throws {
    self.init(
      try settings.reduce(JSON.object([:])) { json, setting in
        guard let equals = setting.firstIndex(of: "=") else {
          throw LetheError.badValue("--set", "'\(setting)' has no '='; accepted: key=value")
        }
        let keys = setting[..<equals].split(separator: ".", omittingEmptySubsequences: false)
        guard !keys.contains(where: \.isEmpty) else {
          throw LetheError.badValue(
            "--set",
            "'\(setting)' has \(keys.count == 1 ? "no name before its '='" : "no name beside a point"); accepted: key=value, "
              + "with a name on both sides of every point, e.g. training.steps=100")
        }
        let value = try Self.value(String(setting[setting.index(after: equals)...]), of: setting)
        return Self.insert(value, at: keys.map(String.init)[...], into: json)
      })
  }

  /// The defaults, overridden by the settings.
  /// - Throws: ``LetheError`` of the kind `request` for unknown keys and for values of another type
  package func laid<T: Codable>(over defaults: T) throws -> T {
    try json.laid(over: defaults, in: source)
  }

  /// Layers as one, a later layer's options over those of an earlier one, with the source of the last.
  package static func merged(_ layers: [Settings]) -> Settings {
    layers.dropFirst().reduce(layers.first ?? [:]) { under, over in
      Settings(laid(over.json, over: under.json), from: over.source)
    }
  }

  private static func laid(_ json: JSON, over other: JSON) -> JSON {
    guard let own = json.members, let others = other.members else { return json }
    return .object(others.merging(own) { laid($1, over: $0) })
  }

  /// The settings within one name.
  package func of(_ name: String) -> Settings { Settings(json[name] ?? [:], from: source) }

  /// These settings as those of a name.
  package func named(_ name: String) -> Settings { Settings([name: json], from: source) }

  /// The text as JSON (a number, true, false, a list or an object), or else as a string.
  /// - Throws: ``LetheError`` of the kind `request` for an object that has a key twice
  private static func value(_ text: String, of setting: String) throws -> JSON {
    do { return try JSONText.value(Data(text.utf8)) } catch let fault {
      guard fault.repeatedKey != nil else { return .string(text) }
      throw LetheError.badValue(
        "--set", "'\(setting)': \(fault.why); accepted: every key once")
    }
  }

  private static func insert(_ value: JSON, at path: ArraySlice<String>, into json: JSON) -> JSON {
    guard let first = path.first else { return value }
    var members = json.members ?? [:]
    members[first] = insert(value, at: path.dropFirst(), into: members[first] ?? .object([:]))
    return .object(members)
  }
}
