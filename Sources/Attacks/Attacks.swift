internal import Editing
internal import Torch
internal import TorchNN

/// Every attack, in the order in which `lethe list attacks` shows them. Adding an attack: its file, and one line
/// here.
package enum Attacks {
  package static let all: [any Attack.Type] = [
    NoAttack.self,
    RandomTokens.self,
    SeedSearch.self,
    UnlearnDiffAtk.self,
    P4D.self,
    RingABell.self,
    ConceptInversion.self,
    Relearning.self,
  ]

  package static func named(_ name: String) throws -> any Attack.Type {
    guard let found = all.first(where: { $0.name == name }) else {
      let known = all.map { $0.name }
      throw LetheError.unknown("attack", name, known: known)
    }
    return found
  }
}
