public import Torch

/// A name in benchmarks, and in `methods.json`, for a method with certain options.
public struct MethodVariant: Sendable, Hashable {
  public let name: String
  /// The options over the method's defaults.
  public let options: JSON

  public init(_ name: String, _ options: JSON) { (self.name, self.options) = (name, options) }
}

extension MethodCatalog {
  /// The names of all methods' variants.
  package var variantNames: [String] { all.flatMap { $0.variants.map(\.name) } }

  /// The method and the options that a name stands for: those of a variant, or a method with its defaults.
  package func variant(named name: String) -> (method: String, options: JSON) {
    for method in all {
      if let found = method.variants.first(where: { $0.name == name }) {
        return (method.name, found.options)
      }
    }
    return (name, [:])
  }
}
