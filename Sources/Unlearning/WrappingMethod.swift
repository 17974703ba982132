public import Torch
internal import TorchNN

/// A method that works around another.
public protocol WrappingMethod: UnlearningMethod {
  /// The method inside.
  var base: InnerMethod { get set }
  /// Its options.
  var options: JSON { get set }
}

extension WrappingMethod {
  /// The method inside, with its options.
  /// - Throws: ``LetheError`` for names and options that are not known
  public func inner() throws -> any UnlearningMethod {
    try base.catalog.method(base.name, options)
  }
}

/// The method inside another, by its name and the catalog that has it. The name is the option, and is all that is
/// encoded; what was decoded looks in the built-in catalog until ``MethodCatalog/looking(_:)`` hands it another.
public struct InnerMethod: Sendable, Codable, ExpressibleByStringLiteral, CustomStringConvertible {
  public var name: String
  public var catalog = MethodCatalog.builtIn

  public init(_ name: String) { self.name = name }
  public init(stringLiteral name: String) { self.init(name) }
  public init(from decoder: any Decoder) throws {
    self.init(try decoder.singleValueContainer().decode(String.self))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(name)
  }

  public var description: String { name }
}
