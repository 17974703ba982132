// The promises of every attack, checked for each entry of the catalog.
import Diffusion
import Editing
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN

@testable import Attacks

@Suite struct AttackContractTests {
  static let names = AttackCatalog.builtIn.names
  /// Small settings try less than the defaults wherever an attack counts its effort.
  @Test(arguments: names) func tinySettingsAreSmall(_ name: String) throws {
    func check<A: Attack>(_ type: A.Type) throws {
      let (own, usual) = (try JSON(encoding: A.tiny), try JSON(encoding: A()))
      for effort in A.efforts {
        guard let small = own.value(at: effort)?.int, let whole = usual.value(at: effort)?.int
        else { continue }
        #expect(small <= whole && small <= 32, "\(effort)")
      }
    }
    try check(AttackCatalog.builtIn.named(name))
  }

  @Test(arguments: names) func configurationComesBack(_ name: String) throws {
    func check<A: Attack>(_ type: A.Type) throws {
      let json = try JSON(encoding: A())
      #expect(try JSON(encoding: json.decoded(as: A.self)) == json)
      #expect(!A.card.title.isEmpty && A.card.year > 2000)
    }
    try check(AttackCatalog.builtIn.named(name))
  }

  /// Every effort is an option that is a number or a list.
  @Test(arguments: names) func effortsAreOptions(_ name: String) throws {
    func check<A: Attack>(_ type: A.Type) throws {
      let options = try JSON(encoding: A())
      for effort in A.efforts {
        let value = options.value(at: effort)
        #expect(value?.int ?? value?.array?.count != nil, "\(effort)")
      }
    }
    try check(AttackCatalog.builtIn.named(name))
  }

  /// The same seed asks the same, and a prompt's attempts do not depend on which others are still open; a session
  /// ends.
  @Test(arguments: names) func sessionsAreReproducible(_ name: String) throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    let type = try AttackCatalog.builtIn.named(name)
    let victim = try AttackScene.victim(model)
    func attempts(_ open: [Int], seed: UInt64) throws -> [[Int: Attempt]] {
      var session = try AttackScene.session(
        AttackScene.small(type), AttackScene.prompts, victim, seed: seed)
      var rounds: [[Int: Attempt]] = []
      while let next = Optional(try session.next(open)), !next.isEmpty, rounds.count < 1000 {
        rounds.append(next)
      }
      return rounds
    }
    let all = try attempts([0, 1, 2], seed: 7)
    #expect(!all.isEmpty && all.count < 1000)
    #expect(try attempts([1], seed: 7).map { $0[1] } == all.map { $0[1] })
    // The prompts stay as they are for these, which change the model or the way it draws.
    if ["none", "relearn", "handover", "noise", "latent", "deployment"].contains(name) {
      #expect(all.allSatisfy { $0.allSatisfy { $1.prompt == AttackScene.prompts[$0].prompt } })
    } else {
      #expect(try attempts([0, 1, 2], seed: 8) != all)
    }
  }
}
