// Strict configuration: values are merged onto the encoded defaults, and a key that is not there is
// refused with the nearest one that is. (A plain decoder ignores unknown keys.)
package import Foundation
package import Torch
internal import TorchNN

package enum Overrides {
  /// `defaults` with the members of `json` laid over them.
  /// - Parameter context: what is being read, for messages, e.g. a file name
  package static func merge<T: Codable>(_ json: JSON, onto defaults: T, in context: String) throws
    -> T
  {
    try json.laid(over: defaults, in: context)
  }

  /// Reads a recipe or options file onto `defaults`.
  package static func read<T: Codable>(_ file: URL, onto defaults: T) throws -> T {
    try merge(try JSON(contentsOf: file), onto: defaults, in: file.lastPathComponent)
  }

  /// Lays `a.b=value` settings over a value, as `--set` does.
  package static func apply<T: Codable>(_ settings: [String], onto defaults: T) throws -> T {
    var json = JSON.object([:])
    for setting in settings {
      guard let equals = setting.firstIndex(of: "=") else {
        throw LetheError.badValue("--set", "'\(setting)' is not of the form key=value")
      }
      let path = setting[..<equals].split(separator: ".").map(String.init)
      json = insert(
        value(String(setting[setting.index(after: equals)...])), at: path[...], into: json)
    }
    return try merge(json, onto: defaults, in: "--set")
  }

  /// `defaults`, under what a file in the model's folder says under each of `names` (options that were found to
  /// suit that model), under `settings`.
  static func layered<T: Codable>(
    _ defaults: T, _ names: [String], of model: String, _ fileName: String, _ settings: [String]
  ) throws -> T {
    let file = URL(fileURLWithPath: model).appendingPathComponent(fileName)
    var value = defaults
    if FileManager.default.fileExists(atPath: file.path) {
      let known = try JSON(contentsOf: file)
      for name in names {
        guard let own = known[name] else { continue }
        value = try merge(own, onto: value, in: "\(file.path), \(name)")
      }
    }
    return try apply(settings, onto: value)
  }

  /// A number, true or false, a JSON list or object, or else the text itself.
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
