internal import Editing
internal import Torch
internal import TorchNN

/// Every unlearning method, in the order in which `lethe list methods` shows them. Adding a method:
/// its file, and one line here.
package enum Methods {
  package static let all: [any UnlearningMethod.Type] = [
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
  ]

  package static func named(_ name: String) throws -> any UnlearningMethod.Type {
    guard let found = all.first(where: { $0.name == name }) else {
      let known = all.map { $0.name }
      throw LetheError.unknown("method", name, known: known)
    }
    return found
  }

  /// A method with `options` over its defaults, for methods that work around another.
  /// - Throws: ``LetheError`` for names and options that it does not know
  static func configured(_ name: String, _ options: JSON) throws -> any UnlearningMethod {
    func make<M: UnlearningMethod>(_ type: M.Type) throws -> any UnlearningMethod {
      guard options.members != nil else {
        throw LetheError.request(
          "options is \(options.compact); accepted: an object of options of \(name)")
      }
      return try options.laid(over: M(), in: "options of \(name)")
    }
    return try make(named(name))
  }
}
