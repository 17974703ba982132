// The names that tables of benchmarks have for a method under certain options.

struct MethodVariant {
  let name: String
  let method: String
  let settings: [String]

  static let all: [MethodVariant] = [
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
  static func named(_ name: String) -> MethodVariant {
    all.first { $0.name == name } ?? MethodVariant(name, name)
  }
}
