// Attacks on libtorch's meta device; see the suite of that name for methods.
import Diffusion
import Editing
import Foundation
import TestSupport
import Testing
import Torch
import Training

@testable import Attacks

@Suite struct DeviceTests {
  @Test(arguments: AttackContractTests.names) func staysOnTheDevice(_ name: String) throws {
    let traffic = HostTraffic()
    try HostTraffic.$watched.withValue(traffic) {
      let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"), on: .meta)
      let attack = try AttackContractTests.small(AttackCatalog.builtIn.named(name))
      var sampling = SamplingOptions()
      sampling.steps = 2
      try Fixtures.temporaryFolder { folder in
        var rounds = AttackRounds(
          attack, on: try AttackContractTests.victim(model), AttackContractTests.prompts, sampling,
          batch: 2, seed: 1, in: try Run(folder)
        ) { pictures, _ in (0..<pictures.size(0)).map { _ in false } }
        let outcomes = try rounds(before: [false, false, true])
        #expect(outcomes.count == 3 && outcomes.filter(\.success).count == 1)
      }
    }
    #expect(traffic.reads > 0)
  }
}
