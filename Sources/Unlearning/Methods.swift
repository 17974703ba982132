internal import Editing
internal import Torch
internal import TorchNN

/// Every unlearning method, in the order in which `lethe list methods` shows them. Adding a method:
/// its file, and one line here.
public enum Methods {
  public static let all: [any UnlearningMethod.Type] = [
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

  public static func named(_ name: String) throws -> any UnlearningMethod.Type {
    guard let found = all.first(where: { $0.name == name }) else {
      let known = all.map { $0.name }
      throw EditingError.unknown("method", name, known: known, hint: known.nearest(to: name))
    }
    return found
  }

  /// A method with `options` over its defaults, for methods that work around another.
  /// - Throws: ``EditingError`` for names and options that it does not know
  static func configured(_ name: String, _ options: JSON) throws -> any UnlearningMethod {
    func make<M: UnlearningMethod>(_ type: M.Type) throws -> any UnlearningMethod {
      guard options.members != nil else {
        throw EditingError.invalid(
          "options is \(options.compact); accepted: an object of options of \(name)")
      }
      return try laid(options, over: JSON(encoding: M()), name).decoded(as: M.self)
    }
    return try make(named(name))
  }

  private static func laid(_ new: JSON, over old: JSON, _ name: String) throws -> JSON {
    // An empty object stands for options of yet another method, which checks them itself.
    guard let given = new.members, let known = old.members, !known.isEmpty else { return new }
    var result = old
    for (key, value) in given {
      guard let before = known[key] else {
        let names = known.keys.sorted()
        throw EditingError.unknown(
          "option of \(name)", key, known: names, hint: names.nearest(to: key))
      }
      result[key] = try laid(value, over: before, "\(name).\(key)")
    }
    return result
  }
}
