// Names in benchmarks for a method with certain options.
internal import Torch

package struct MethodVariant {
  package let name: String
  package let method: String
  package let settings: Settings

  package static let all: [MethodVariant] = [
    .init("none", "none"),
    // As published, with the concept's name alone and nothing preserved.
    .init("esd-x", "esd", asPublished("xattn")),
    .init("esd-u", "esd", asPublished("noxattn")),
    // Meta-Unlearning's names, which end in eta. The second is the control: a stronger base without a meta part.
    .init("esd-u-1", "esd", ["parameters": "noxattn", "eta": 1]),
    .init("esd-u-3", "esd", ["parameters": "noxattn", "eta": 3]),
    .init("advunlearn", "advunlearn", ["adversary": ["kind": "pgd"]]),
    .init("advunlearn-fast", "advunlearn", ["adversary": ["kind": "fast"]]),
    .init("advunlearn-u", "advunlearn", ["parameters": "noxattn"]),
  ]

  private static func asPublished(_ parameters: JSON) -> Settings {
    ["parameters": parameters, "captions": false, "anchored": false, "preserveWeight": 0]
  }

  private init(_ name: String, _ method: String, _ settings: Settings = [:]) {
    (self.name, self.method, self.settings) = (name, method, settings)
  }

  /// The variant of a name. Another name is that of a method with its default options.
  package static func named(_ name: String) -> MethodVariant {
    all.first { $0.name == name } ?? MethodVariant(name, name)
  }
}
