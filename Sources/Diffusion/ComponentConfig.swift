package import Torch

/// A component's `config.json`, read strictly: what is not supported is refused by name.
package struct ComponentConfig {
  package let component: String
  package let json: JSON

  package init(_ component: String, _ json: JSON) {
    (self.component, self.json) = (component, json)
  }

  package func refusing(_ key: String, _ why: String) -> LetheError {
    .unsupported("\(component): '\(key)' is \(json[key]?.compact ?? "missing"); \(why)")
  }

  private func value<T>(
    _ key: String, _ fallback: T?, _ kind: String, _ read: (JSON) -> T?
  ) throws -> T {
    guard let found = json[key], found != .null else {
      guard let fallback else { throw refusing(key, "\(kind) is needed") }
      return fallback
    }
    guard let value = read(found) else { throw refusing(key, "\(kind) is needed") }
    return value
  }

  package func int(_ key: String, _ fallback: Int? = nil) throws -> Int {
    try value(key, fallback, "a whole number", \.int)
  }
  package func number(_ key: String, _ fallback: Double? = nil) throws -> Double {
    try value(key, fallback, "a number", \.number)
  }
  /// A finite number above 0, and below `limit`.
  package func positive(
    _ key: String, _ fallback: Double? = nil, below limit: Double = .infinity
  ) throws -> Double {
    let value = try number(key, fallback)
    guard value > 0, value < limit else {
      throw refusing(
        key,
        limit.isFinite ? "a number between 0 and \(limit) is needed" : "a number above 0 is needed")
    }
    return value
  }
  package func bool(_ key: String, _ fallback: Bool? = nil) throws -> Bool {
    try value(key, fallback, "true or false", \.bool)
  }
  package func string(_ key: String, _ fallback: String? = nil) throws -> String {
    try value(key, fallback, "a string", \.string)
  }
  package func strings(_ key: String, _ fallback: [String]? = nil) throws -> [String] {
    try value(key, fallback, "a list of strings") { $0.array?.compactMap(\.string) }
  }
  package func ints(_ key: String, _ fallback: [Int]? = nil) throws -> [Int] {
    try value(key, fallback, "a list of whole numbers") { $0.array?.compactMap(\.int) }
  }

  /// A number for each of `count` levels, written once or as a list.
  package func perLevel(_ key: String, _ count: Int, _ fallback: Int? = nil) throws -> [Int] {
    if let list = json[key]?.array?.compactMap(\.int) {
      guard list.count == count else { throw refusing(key, "\(count) numbers are needed") }
      return list
    }
    return Array(repeating: try int(key, fallback), count: count)
  }

  /// Refuses every key whose value is present and none of the accepted ones.
  package func accept(_ accepted: [String: [JSON]]) throws {
    for (key, values) in accepted.sorted(by: { $0.key < $1.key }) {
      guard let found = json[key], !values.contains(where: { Self.same($0, found) }) else {
        continue
      }
      throw refusing(key, "supported: \(values.map(\.compact).joined(separator: ", "))")
    }
  }

  private static func same(_ a: JSON, _ b: JSON) -> Bool {
    if a == b { return true }
    if let x = a.number, let y = b.number { return x == y }
    return false
  }
}
