internal import Editing
internal import TorchNN

/// Every attack, in the order in which `lethe list attacks` shows them. Adding an attack: its file, and one line
/// here.
public enum Attacks {
  public static let all: [any Attack.Type] = [
    NoAttack.self,
    RandomTokens.self,
    SeedSearch.self,
    UnlearnDiffAtk.self,
    P4D.self,
    RingABell.self,
    ConceptInversion.self,
    Relearning.self,
  ]

  public static func named(_ name: String) throws -> any Attack.Type {
    guard let found = all.first(where: { $0.name == name }) else {
      let known = all.map { $0.name }
      throw EditingError.unknown("attack", name, known: known, hint: known.nearest(to: name))
    }
    return found
  }
}
