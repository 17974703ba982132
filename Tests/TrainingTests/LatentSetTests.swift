// Pictures as latents.
import Diffusion
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN

@testable import Training

@Suite struct LatentSetTests {
  /// The same seed draws the same pictures, one for each prompt; a picture's seed is its place in the set.
  @Test func modelsDrawTheirOwn() throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    func set(_ prompts: [String]) throws -> LatentSet {
      try LatentSet(drawnBy: model, prompts, steps: 2, guidance: 1, seed: 1)
    }
    let two = try set(["a fox", "a cat"])
    #expect(two.count == 2 && two.mean.shape == [2, 4, 8, 8] && two.deviation == nil)
    #expect(try set(["a fox", "a cat"]).mean.isIdentical(to: two.mean))
    #expect(try set(["a fox", "an owl"]).mean[0, at: 0].distance(to: two.mean[0, at: 0]) < 1e-5)
    #expect(two.mean[0, at: 1].distance(to: two.mean[0, at: 0]) > 1e-3)
    let cat = two.picture(1)
    #expect(cat.captions == ["a cat"] && cat.mean[0, at: 0].isIdentical(to: two.mean[0, at: 1]))
  }

  /// Groups of pictures are drawn equally often, although one has a single picture and the other seven.
  @Test func shares() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    var set = LatentSet(
      Tensor.randn([8, 4, 8, 8], Generator(seed: 1)), captions: Array(repeating: "", count: 8))
    func rare(_ set: LatentSet) -> Int {
      set.draw(400, model, Step(index: 1, seed: 2)).picks.filter { $0 == 3 }.count
    }
    #expect((20..<80).contains(rare(set)))
    set.shares = [[3], [0, 1, 2, 4, 5, 6, 7]]
    #expect((160..<240).contains(rare(set)))
    #expect(Set(set.draw(400, model, Step(index: 1, seed: 2)).picks) == Set(0..<8))
    #expect(set.captioned(Array(repeating: "x", count: 8)).shares == set.shares)
  }

  /// Draws come from the step alone; x_t is the picture and the noise at its timestep; half are mirrored where asked.
  @Test func draws() throws {
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    var set = LatentSet(
      Tensor.randn([5, 4, 8, 8], Generator(seed: 1)), captions: ["", "", "", "", ""])
    let d = set.draw(16, model, Step(index: 3, seed: 2))
    #expect(d.x0.isIdentical(to: set.mean.indexed(0, d.picks)))
    #expect(d.xt.isIdentical(to: model.schedule.noised(d.x0, d.eps, at: d.t)))
    #expect(set.draw(16, model, Step(index: 3, seed: 2)).xt.isIdentical(to: d.xt))
    set.mirrors = true
    let x0 = set.draw(16, model, Step(index: 3, seed: 2)).x0
    let mirrored = (0..<16).filter {
      x0[0, at: $0].isIdentical(to: set.mean[0, at: d.picks[$0]].flipped(2))
    }
    #expect((1..<16).contains(mirrored.count))
    #expect(
      (0..<16).allSatisfy {
        mirrored.contains($0) || x0[0, at: $0].isIdentical(to: set.mean[0, at: d.picks[$0]])
      })
  }
}
