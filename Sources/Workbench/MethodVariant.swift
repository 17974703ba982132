// Names in benchmarks for a method with certain options.

package struct MethodVariant {
  package let name: String
  package let method: String
  package let settings: [String]

  package static let all: [MethodVariant] = [
    .init("none", "none"),
    // As published, with the concept's name alone and nothing preserved. methods.json of the model sets that.
    .init("esd-x", "esd", "parameters=xattn"),
    .init("esd-u", "esd", "parameters=noxattn"),
    // Meta-Unlearning's names, which end in eta. The second is the control: a stronger base without a meta part.
    .init("esd-u-1", "esd", "parameters=noxattn", "eta=1"),
    .init("esd-u-3", "esd", "parameters=noxattn", "eta=3"),
    .init("advunlearn", "advunlearn", "adversary.kind=pgd"),
    .init("advunlearn-fast", "advunlearn", "adversary.kind=fast"),
    .init("advunlearn-u", "advunlearn", "parameters=noxattn"),
  ]

  private init(_ name: String, _ method: String, _ settings: String...) {
    (self.name, self.method, self.settings) = (name, method, settings)
  }

  /// The variant of a name. Another name is that of a method with its default options.
  package static func named(_ name: String) -> MethodVariant {
    all.first { $0.name == name } ?? MethodVariant(name, name)
  }
}
