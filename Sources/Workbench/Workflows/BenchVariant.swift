// What the tables of benches call a method under certain options.
internal import Torch

struct BenchVariant {
  let name: String
  let method: String
  let settings: [String]

  static let all: [BenchVariant] = [
    .init("none", "none"),
    // As published: the concept's name alone, nothing preserved; a model's methods.json says so.
    .init("esd-x", "esd", "parameters=xattn"),
    .init("esd-u", "esd", "parameters=noxattn"),
    // With eta in the name, as Meta-Unlearning calls them; the second is a stronger base instead of a meta part.
    .init("esd-u-1", "esd", "parameters=noxattn", "eta=1"),
    .init("esd-u-3", "esd", "parameters=noxattn", "eta=3"),
    .init("advunlearn", "advunlearn", "adversary.kind=pgd"),
    .init("advunlearn-fast", "advunlearn", "adversary.kind=fast"),
    .init("advunlearn-u", "advunlearn", "parameters=noxattn"),
  ]

  private init(_ name: String, _ method: String, _ settings: String...) {
    (self.name, self.method, self.settings) = (name, method, settings)
  }

  /// One of the above, or a method under its own name.
  static func named(_ name: String) -> BenchVariant {
    all.first { $0.name == name } ?? BenchVariant(name, name)
  }
}

/// Settings of the form NAME.key=value, as benches take them.
struct NamedSettings {
  let settings: [String]

  /// - Throws: ``LetheError`` for one whose name is none of `names`
  init(_ settings: [String], of names: [String], _ kind: String) throws {
    self.settings = settings
    if let stray = settings.first(where: { s in !names.contains { s.hasPrefix($0 + ".") } }) {
      throw LetheError.badValue(
        "--set", "'\(stray)' names no \(kind) of this bench; use NAME.key=value")
    }
  }

  func of(_ name: String) -> [String] {
    settings.filter { $0.hasPrefix(name + ".") }.map { String($0.dropFirst(name.count + 1)) }
  }
}
