internal import Editing
internal import Torch
internal import TorchNN

/// Attacks by name, in the order in which `lethe list attacks` shows them. A catalog is a value: a program that brings
/// attacks of its own hands ``adding(_:)``'s result to the command or the benchmark. No attack is registered globally.
public struct AttackCatalog: Sendable {
  /// The attacks in the order of `lethe list attacks`.
  public let all: [any Attack.Type]

  /// Lethe's own attacks. A new attack needs its file and one line here.
  public static let builtIn = AttackCatalog(all: [
    NoAttack.self,
    RandomTokens.self,
    SeedSearch.self,
    UnlearnDiffAtk.self,
    P4D.self,
    RingABell.self,
    ConceptInversion.self,
    Relearning.self,
    TextSearch.self,
    HandOver.self,
    NoiseProbes.self,
    LatentInversion.self,
    Deployment.self,
  ])

  private init(all: [any Attack.Type]) { self.all = all }

  /// The names in the same order.
  public var names: [String] { all.map { $0.name } }

  /// This catalog and more attacks, after its own.
  /// - Throws: ``LetheError`` when a name is taken
  public func adding(_ more: any Attack.Type...) throws -> AttackCatalog {
    try more.reduce(self) { catalog, attack in
      guard !catalog.names.contains(attack.name) else {
        throw LetheError.request("the catalog has an attack '\(attack.name)' already")
      }
      return AttackCatalog(all: catalog.all + [attack])
    }
  }

  /// - Throws: ``LetheError`` with the nearest name that there is
  public func named(_ name: String) throws -> any Attack.Type {
    guard let found = all.first(where: { $0.name == name }) else {
      throw LetheError.unknown("attack", name, known: names)
    }
    return found
  }
}
