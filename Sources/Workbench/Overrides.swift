// Strict configuration: values are merged onto the encoded defaults, and a key that is not there is
// refused with the nearest one that is. (A plain decoder ignores unknown keys.)
public import Foundation
public import Torch
internal import TorchNN

public enum Overrides {
  /// `defaults` with the members of `json` laid over them.
  /// - Parameter context: what is being read, for messages, e.g. a file name
  public static func merge<T: Codable>(_ json: JSON, onto defaults: T, in context: String) throws
    -> T
  {
    let base = try JSON(encoding: defaults)
    let merged = try overlay(json, base, [], context)
    do { return try merged.decoded() } catch let error as DecodingError {
      throw ConfigurationError.badValue(context, describe(error))
    }
  }

  /// Reads a recipe or options file onto `defaults`.
  public static func read<T: Codable>(_ file: URL, onto defaults: T) throws -> T {
    try merge(try JSON(contentsOf: file), onto: defaults, in: file.lastPathComponent)
  }

  /// Lays `a.b=value` settings over a value, as `--set` does.
  public static func apply<T: Codable>(_ settings: [String], onto defaults: T) throws -> T {
    var json = JSON.object([:])
    for setting in settings {
      guard let equals = setting.firstIndex(of: "=") else {
        throw ConfigurationError.badValue("--set", "'\(setting)' is not of the form key=value")
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

  private static func overlay(
    _ new: JSON, _ old: JSON, _ path: [String], _ context: String
  ) throws -> JSON {
    guard case .object(var members) = old, case .object(let additions) = new else { return new }
    // An empty object stands for other people's configuration, which is checked where it is used.
    if members.isEmpty { return new }
    for (key, value) in additions {
      guard let known = members[key] else {
        throw ConfigurationError.unknownKey(
          context, (path + [key]).joined(separator: "."), known: members.keys.sorted())
      }
      members[key] = try overlay(value, known, path + [key], context)
    }
    return .object(members)
  }

  private static func describe(_ error: DecodingError) -> String {
    func name(_ path: [any CodingKey]) -> String { path.map(\.stringValue).joined(separator: ".") }
    switch error {
    case .typeMismatch(let type, let at): return "'\(name(at.codingPath))' should be a \(type)"
    case .valueNotFound(let type, let at): return "'\(name(at.codingPath))' should be a \(type)"
    case .dataCorrupted(let at): return "'\(name(at.codingPath))': \(at.debugDescription)"
    case .keyNotFound(let key, _): return "'\(key.stringValue)' is missing"
    @unknown default: return "\(error)"
    }
  }
}

public enum ConfigurationError: Error, CustomStringConvertible {
  case unknownKey(String, String, known: [String])
  case badValue(String, String)

  public var description: String {
    switch self {
    case .unknownKey(let context, let key, let known):
      let last = key.split(separator: ".").last.map(String.init) ?? key
      let hint = known.nearest(to: last).map { "; did you mean '\($0)'?" } ?? ""
      return "\(context): unknown key '\(key)'\(hint) Known: \(known.joined(separator: ", "))"
    case .badValue(let context, let why): return "\(context): \(why)"
    }
  }
}
