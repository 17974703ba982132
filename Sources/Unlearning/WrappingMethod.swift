package import Torch
internal import TorchNN

/// A method that works around another.
package protocol WrappingMethod: UnlearningMethod {
  /// The method inside.
  var base: InnerMethod { get set }
  /// Its options.
  var options: JSON { get set }
}

extension WrappingMethod {
  /// The method inside, with its options.
  /// - Throws: ``LetheError`` for names and options that are not known
  package func inner() throws -> any UnlearningMethod {
    try base.catalog.method(base.name, options)
  }
}

/// The method inside another, by its name and the catalog that has it. The name is the option, and is all that is
/// encoded; what was decoded looks in the built-in catalog until ``MethodCatalog/looking(_:)`` hands it another.
package struct InnerMethod: Sendable, Codable, ExpressibleByStringLiteral, CustomStringConvertible {
  package var name: String
  package var catalog = MethodCatalog.builtIn

  package init(_ name: String) { self.name = name }
  package init(stringLiteral name: String) { self.init(name) }
  package init(from decoder: any Decoder) throws {
    self.init(try decoder.singleValueContainer().decode(String.self))
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(name)
  }

  package var description: String { name }
}
