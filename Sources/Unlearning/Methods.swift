internal import Editing
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
}
