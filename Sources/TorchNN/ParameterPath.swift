/// A parameter's name as the checkpoint spells it: `unet.mid_block.attentions.0.proj_in.weight`.
public struct ParameterPath: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// Components with dots between them.
  public let name: String

  /// The path that a checkpoint's name spells.
  public init(_ name: String) { self.name = name }

  /// The parts between dots.
  public var components: [Substring] { name.split(separator: ".") }

  /// The path without its first component: the name inside a component's own file.
  public var withoutFirst: String { components.dropFirst().joined(separator: ".") }

  /// The path of a component inside this one.
  public func appending(_ component: String) -> ParameterPath {
    ParameterPath(name.isEmpty ? component : "\(name).\(component)")
  }

  public static func < (a: ParameterPath, b: ParameterPath) -> Bool { a.name < b.name }
  public var description: String { name }
}
