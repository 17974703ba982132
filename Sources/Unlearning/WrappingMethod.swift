public import Torch
internal import TorchNN

/// A method that wraps another, the inner method.
public protocol WrappingMethod: UnlearningMethod {
  /// The defaults around a method.
  init(around base: InnerMethod)
  /// The inner method.
  var base: InnerMethod { get set }
  /// Its options.
  var options: JSON { get set }
  /// Options of the inner method that this one decides, as paths such as `training.steps`. They are refused in
  /// ``options``, where they would have no effect.
  static func decided(inside type: any UnlearningMethod.Type) -> [OptionPath]
}

extension WrappingMethod {
  /// The method with its defaults around another one.
  public init(around base: InnerMethod) {
    self.init()
    self.base = base
  }

  /// The inner method with its options.
  /// - Throws: ``LetheError`` for names and options that are not known, for options that this method decides, and for a
  ///   method inside itself
  public func inner() throws -> any UnlearningMethod {
    guard base.name != Self.name else {
      let others = base.catalog.all.map { $0.name }.filter { $0 != Self.name }
      throw LetheError.request(
        "'base' is \(base), which cannot be inside itself; accepted: \(others.joined(separator: ", "))"
      )
    }
    for path in Self.decided(inside: try base.catalog.named(base.name))
    where options.value(at: path) != nil {
      throw LetheError.request(
        "'options.\(path)' has no effect inside \(Self.name), whose own options decide it; leave it out"
      )
    }
    return try base.catalog.method(base.name, options)
  }

  /// Options of the inner method, without those that this method decides.
  /// - Throws: ``LetheError`` for a method that is not known
  public func undecided(_ options: JSON) throws -> JSON {
    try Self.decided(inside: base.catalog.named(base.name)).reduce(options) {
      $0.without($1)
    }
  }
}

/// An inner method: its name, and the catalog that has it. The name alone is encoded, as the option's value. A decoded
/// one looks in the built-in catalog until ``MethodCatalog/looking(_:)`` hands it another.
public struct InnerMethod: Sendable, Codable, ExpressibleByStringLiteral, CustomStringConvertible {
  /// The method's name in its catalog.
  public var name: String
  /// The catalog that has it.
  public var catalog = MethodCatalog.builtIn

  /// A method of the built-in catalog.
  public init(_ name: String) { self.name = name }
  /// A method of the built-in catalog.
  public init(stringLiteral name: String) { self.init(name) }
  public init(from decoder: any Decoder) throws {
    self.init(try decoder.singleValueContainer().decode(String.self))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(name)
  }

  /// The method's name.
  public var description: String { name }
}
