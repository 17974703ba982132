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
  @Test(arguments: AttackCatalog.builtIn.names, ["tiny-sd1", "tiny-sdxl"])
  func sessions(_ name: String, _ kind: String) throws {
    Runtime.threads = 1
    let device = try Fixtures.gpu()
    let type = try AttackCatalog.builtIn.named(name)
    var sampling = SamplingOptions()
    sampling.steps = 2
    func attempts(on device: Device) throws -> [[Int: Attempt]] {
      let model = try DiffusionModel.load(Fixtures.url(kind), on: device)
      let victim = try AttackScene.victim(model)
      var session = try AttackScene.session(
        AttackScene.small(type), AttackScene.prompts, victim, seed: 7)
      var rounds: [[Int: Attempt]] = []
      while let next = Optional(try session.next([0, 1, 2])), !next.isEmpty, rounds.count < 1000 {
        if rounds.isEmpty {
          let tries = next.sorted { $0.key < $1.key }.map(\.value)
          let images =
            try session.images(of: tries, sampling)
            ?? victim.images(of: tries, by: session.model, sampling)
          #expect(images.count == tries.count)
        }
        rounds.append(next)
      }
      return rounds
    }
    let (here, there) = (try attempts(on: .cpu), try attempts(on: device))
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
