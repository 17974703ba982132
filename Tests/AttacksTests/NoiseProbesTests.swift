import Diffusion
import Editing
import Testing
import Torch

@testable import Attacks

@Suite struct NoiseProbesTests {
  @Test func noiseProbes() throws {
    let (_, victim, target) = try ProbeScene.pair()
    var attack = NoiseProbes()
    (attack.etas, attack.factors) = ([0, 1], [1])
    let found = try ProbeScene.pictures(attack, target)
    let plain = try victim.images(
      ProbeScene.prompts.map(\.prompt), seeds: [3], ProbeScene.sampling)[0]
    var stochastic = ProbeScene.sampling
    stochastic.eta = 1
    let noisy = try victim.images(ProbeScene.prompts.map(\.prompt), seeds: [3], stochastic)[0]
    // Without noise it is DDIM, with eta 1 its ancestral form, which draws from the same generators.
    #expect(ProbeScene.difference(found[0], plain) < 0.1)
    #expect(
      ProbeScene.difference(found[1], noisy) < 0.1 && ProbeScene.difference(found[1], plain) > 0.5)
    #expect(NoiseProbes().etas.count * NoiseProbes().factors.count == 24)
    // More noise than the variance holds is no reason for numbers that are not finite.
    (attack.etas, attack.factors) = ([1.85], [1.04])
    #expect(try ProbeScene.pictures(attack, target).count == 1)
  }
}
