// Every attack of the catalog on the device `rehearsal`, where a tensor of the CPU beside one of the device is an
// error, as on a GPU.
import Diffusion
import Editing
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN

@testable import Attacks

@Suite struct RehearsalAttackTests {
  /// The most that a round of three prompts asks of the device, with the settings of the tests. An attack that is not
  /// here asks for nothing.
  static let mostOfARound = [
    "unlearndiff": DeviceCopies(waits: 12, writes: 36, uploads: 63, bytes: 84_628),
    "p4d": DeviceCopies(waits: 12, writes: 42, uploads: 51, bytes: 45_208),
    "ringabell": DeviceCopies(waits: 12, writes: 30, uploads: 30, bytes: 119_504),
    "inversion": DeviceCopies(waits: 5, writes: 22, uploads: 31, bytes: 100_516),
    "relearn": DeviceCopies(waits: 295, writes: 12, uploads: 16, bytes: 16_468),
    "text": DeviceCopies(waits: 21, writes: 54, uploads: 54, bytes: 729_888),
  ]
  /// Rounds behind the first, which prepares, ask for less.
  static let mostOfALaterRound = [
    "unlearndiff": DeviceCopies(waits: 3, writes: 6, uploads: 27, bytes: 41_232),
    "p4d": DeviceCopies(waits: 3, writes: 12, uploads: 15, bytes: 21_396),
  ]

  @Test(arguments: AttackCatalog.builtIn.names, ["tiny-sd1", "tiny-sdxl"])
  func sessions(_ name: String, _ kind: String) throws {
    Runtime.threads = 1
    let device = try Fixtures.gpu()
    let type = try AttackCatalog.builtIn.named(name)
    var sampling = SamplingOptions()
    sampling.steps = 2
    func attempts(on device: Device) throws -> (rounds: [[Int: Attempt]], copies: [DeviceCopies]) {
      let model = try DiffusionModel.load(Fixtures.url(kind), on: device)
      let victim = try AttackScene.victim(model)
      var session = try AttackScene.session(
        AttackScene.small(type), AttackScene.prompts, victim, seed: 7)
      var (rounds, copies) = ([[Int: Attempt]](), [DeviceCopies]())
      while rounds.count < 1000 {
        let before = DeviceCopies.now
        let next = try session.next([0, 1, 2])
        guard !next.isEmpty else { break }
        copies.append(.now - before)
        if rounds.isEmpty {
          let tries = next.sorted { $0.key < $1.key }.map(\.value)
          let images =
            try session.images(of: tries, sampling)
            ?? victim.images(of: tries, by: session.model, sampling)
          #expect(images.count == tries.count)
        }
        rounds.append(next)
      }
      return (rounds, copies)
    }
    let (here, (there, copies)) = (try attempts(on: .cpu).rounds, try attempts(on: device))
    let most = Self.mostOfARound[name] ?? DeviceCopies()
    let later = Self.mostOfALaterRound[name] ?? most
    #expect(copies.prefix(1).allSatisfy { $0.isWithin(most) }, "\(copies.prefix(1))")
    #expect(copies.dropFirst().allSatisfy { $0.isWithin(later) }, "\(copies.dropFirst().prefix(2))")
    #expect(there.count == here.count && !there.isEmpty)
    for (one, other) in zip(here, there) {
      #expect(other.keys.sorted() == one.keys.sorted())
      for (i, attempt) in one {
        #expect(other[i]?.prompt == attempt.prompt && other[i]?.seed == attempt.seed)
        let (a, b) = (attempt.vector ?? [], other[i]?.vector ?? [])
        let scale = a.map(abs).max() ?? 0
        #expect(a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= 1e-3 * scale })
      }
    }
  }
}
