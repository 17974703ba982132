import Diffusion
import Editing
import Testing
import Torch

@testable import Attacks

@Suite struct HandOverTests {
  @Test func handOver() throws {
    let (original, victim, target) = try ProbeScene.pair()
    let texts = ProbeScene.prompts.map(\.prompt)
    let first = try original.images(texts, seeds: [3], ProbeScene.sampling)[0]
    let last = try victim.images(texts, seeds: [3], ProbeScene.sampling)[0]
    #expect(ProbeScene.difference(first, last) > 2)
    var attack = HandOver()
    (attack.first, attack.steps) = ([1, 4], 0)
    let found = try ProbeScene.pictures(attack, target)
    // All four steps by the original are its own picture; one step is neither's.
    #expect(found.count == 2 && ProbeScene.difference(found[1], first) < 0.1)
    #expect(
      ProbeScene.difference(found[0], first) > 0.2 && ProbeScene.difference(found[0], last) > 0.2)
    // Steps of its own: all eight by the original are the original's picture of eight steps.
    (attack.first, attack.steps) = ([8], 8)
    var longer = ProbeScene.sampling
    longer.steps = 8
    let eight = try original.images(texts, seeds: [3], longer)[0]
    #expect(ProbeScene.difference(eight, first) > 0.2)
    #expect(try ProbeScene.difference(ProbeScene.pictures(attack, target)[0], eight) < 0.1)
    #expect(HandOver().work(picture: 20) == 3 * 100 && attack.work(picture: 20) == 20)
    // An attempt says how many steps the original made.
    (attack.first, attack.steps) = ([1, 4], 0)
    var session = try attack.session(ProbeScene.prompts, WhiteBoxTarget(target), seed: 0)
    let rounds = try (0..<2).map { _ in try session.next([0])[0]?.variant }
    #expect(rounds == ["1 first step by the original", "4 first steps by the original"])
    attack.steps = -1
    #expect(throws: LetheError.self) { try ProbeScene.pictures(attack, target) }
  }
}
