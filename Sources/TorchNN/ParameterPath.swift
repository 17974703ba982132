/// A parameter's name as the checkpoint spells it: `unet.mid_block.attentions.0.proj_in.weight`.
package struct ParameterPath: Hashable, Sendable, Comparable, CustomStringConvertible {
  package let name: String

  package init(_ name: String) { self.name = name }

  package var components: [Substring] { name.split(separator: ".") }

  /// The path without its first component: the name inside a component's own file.
  package var withoutFirst: String { components.dropFirst().joined(separator: ".") }

  package func appending(_ component: String) -> ParameterPath {
    ParameterPath(name.isEmpty ? component : "\(name).\(component)")
  }

  package static func < (a: ParameterPath, b: ParameterPath) -> Bool { a.name < b.name }
  package var description: String { name }
}
