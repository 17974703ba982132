internal import Editing
public import Torch
internal import TorchNN

/// Unlearning methods by name, in the order in which `lethe list methods` shows them. A catalog is a value: a program
/// that brings methods of its own passes ``adding(_:)``'s result to the code that looks methods up. No method is
/// registered globally.
public struct MethodCatalog: Sendable {
  /// The methods in the order of `lethe list methods`.
  public let all: [any UnlearningMethod.Type]

  /// Lethe's own methods. A new method needs its file and one line here.
  public static let builtIn = MethodCatalog(all: [
    ESD.self,
    UCE.self,
    RECE.self,
    SDD.self,
    ConceptAblation.self,
    AdvUnlearn.self,
    MetaUnlearning.self,
    SepME.self,
    EraseDiff.self,
    SalUn.self,
    RandomLabel.self,
    SelectiveAmnesia.self,
    Scissorhands.self,
    MUNBa.self,
    GradientAscent.self,
    FineTune.self,
    Retrain.self,
  ])

  private init(all: [any UnlearningMethod.Type]) { self.all = all }

  /// The names in the same order.
  public var names: [String] { all.map { $0.name } }

  /// This catalog and more methods, after its own.
  /// - Throws: ``LetheError`` when a name is taken
  public func adding(_ more: any UnlearningMethod.Type...) throws -> MethodCatalog {
    try more.reduce(self) { catalog, method in
      guard !catalog.names.contains(method.name) else {
        throw LetheError.request("the catalog has a method '\(method.name)' already")
      }
      return MethodCatalog(all: catalog.all + [method])
    }
  }

  /// - Throws: ``LetheError`` with the nearest name that there is
  public func named(_ name: String) throws -> any UnlearningMethod.Type {
    guard let found = all.first(where: { $0.name == name }) else {
      var error = LetheError.unknown("method", name, known: names)
      let (trained, closed) = (all.first(where: Self.trains), all.first { !Self.trains($0) })
      if let trained, let closed {
        error.fault += "; \(closed.name) takes seconds, \(trained.name) trains for minutes"
      }
      throw error
    }
    return found
  }

  private static func trains(_ type: any UnlearningMethod.Type) -> Bool {
    type is any TrainedMethod.Type
  }

  /// A method with `options` over its defaults. A method that wraps another looks the inner one up in this catalog.
  /// - Throws: ``LetheError`` for names and options that it does not know
  public func method(_ name: String, _ options: JSON = [:]) throws -> any UnlearningMethod {
    func make<M: UnlearningMethod>(_ type: M.Type) throws -> any UnlearningMethod {
      guard options.members != nil else {
        throw LetheError.request(
          "options is \(options.compact); accepted: an object of options of \(name)")
      }
      return looking(try options.laid(over: M(), in: "options of \(name)"))
    }
    func remake<M: WrappingMethod>(_ method: M) throws -> any UnlearningMethod {
      looking(try options.laid(over: M(around: method.base), in: "options of \(name)"))
    }
    let method = try make(named(name))
    // The defaults of a method that wraps another depend on the inner one.
    return try (method as? any WrappingMethod).map { try remake($0) } ?? method
  }

  /// The same method. A method that wraps another looks the inner one up in this catalog.
  public func looking(_ method: any UnlearningMethod) -> any UnlearningMethod {
    guard var wrapping = method as? any WrappingMethod else { return method }
    wrapping.base.catalog = self
    return wrapping
  }
}
