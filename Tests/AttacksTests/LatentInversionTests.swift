import Diffusion
import Editing
import TestSupport
import Testing
import Torch
import TorchNN

@testable import Attacks

@Suite struct LatentInversionTests {
  /// The way back to noise undoes a step along the same prediction, and what is drawn again depends on the picture.
  @Test func latentInversion() throws {
    let (original, victim, target) = try ProbeScene.pair()
    let path = try GuidedDDIM(victim, ProbeScene.sampling)
    let g = Generator(seed: 5)
    let (x0, eps) = (Tensor.randn([1, 4, 8, 8], g), Tensor.randn([1, 4, 8, 8], g))
    let later = path.step((x0, eps), from: 2, to: 1)
    let earlier = path.step((x0, eps), from: 1, to: 2)
    #expect(later.distance(to: earlier) > 0.01)
    let a = Double(victim.schedule.alphaBar[path.timesteps[1]])
    #expect(later.distance(to: a.squareRoot() * x0 + (1 - a).squareRoot() * eps) < 1e-5)
    let found = try ProbeScene.pictures(LatentInversion(), target)
    // Written out: back through the levels along eps of the level before, and forth again.
    let toOne = victim.layout.scheduler["set_alpha_to_one"]?.bool ?? true
    let levels =
      path.timesteps.map { Double(victim.schedule.alphaBar[$0]) }
      + [toOne ? 1 : Double(victim.schedule.alphaBar[0])]
    let expected = try withoutGradients {
      let c = victim.embed(ProbeScene.prompts.map(\.prompt))
      var x = try WhiteBoxTarget(target).target(ProbeScene.prompts[0])
      func move(_ told: Int, from a: Double, to b: Double) {
        let t = Tensor.full([1], Double(path.timesteps[told]))
        let e = victim.predict(x, at: t, given: c)
        x =
          b.squareRoot() / a.squareRoot() * (x - (1 - a).squareRoot() * e) + (1 - b).squareRoot()
          * e
      }
      for i in [3, 2, 1, 0] { move(i, from: levels[i + 1], to: levels[i]) }
      for i in [0, 1, 2, 3] { move(i, from: levels[i], to: levels[i + 1]) }
      return Image(try victim.codec.decode(x)[0, at: 0])
    }
    #expect(ProbeScene.difference(found[0], expected) < 0.02)
    let other = try Victim(
      victim, original: original, concepts: [AttackScene.concept]
    ) { _ in Image.grey(16, 16) }
    let grey = try ProbeScene.pictures(LatentInversion(), other)
    #expect(found.count == 1 && ProbeScene.difference(found[0], grey[0]) > 1)
  }
}
