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

  /// A folder's pictures of several sizes go through the codec in batches: the set has every picture in its place with
  /// its caption, and gives the same draws as one that is encoded picture by picture.
  @Test func foldersAreEncodedInBatches() throws {
    Runtime.threads = 1
    let model = try DiffusionModel.load(Fixtures.url("tiny-sd1"))
    try Fixtures.temporaryFolder { folder in
      for (i, (width, height)) in [(16, 16), (24, 16), (9, 40), (64, 64), (33, 20)].enumerated() {
        let noise = Tensor.rand([width * height * 3], Generator(seed: UInt64(i))).floats
        let image = Image(
          width: width, height: height, pixels: noise.map { UInt8($0 * Float(50 * (i + 1))) })
        try PNG.write(image, to: folder.appendingPathComponent("\(i).png"))
        try Data("picture \(i)".utf8).write(to: folder.appendingPathComponent("\(i).txt"))
      }
      let images = try CaptionedImages(folder: folder)
      var done: [Int] = []
      let sets = try [1, 2, 16].map { count in
        try LatentSet(images, model, together: count) { part, total in
          #expect(total == 5)
          done.append(part)
        }
      }
      #expect(done == [1, 2, 3, 4, 5] + [2, 4, 5] + [5])
      let codec = try model.codec
      // All at once without a number, on a model of this size.
      done = []
      let whole = try LatentSet(images, model) { part, _ in done.append(part) }
      #expect(done == [5])
      for set in sets + [whole] {
        #expect(set.captions == (0..<5).map { "picture \($0)" })
        #expect(set.mean.size(0) == 5 && set.deviation?.size(0) == 5)
        for i in 0..<5 {
          let x = try images.picture(i, size: model.imageSize).tensor
          let (mean, logVariance) = withoutGradients { codec.posterior(x) }
          let (center, spread) = (
            codec.scaled(mean), codec.scaled(mean + (0.5 * logVariance).exp()) - codec.scaled(mean)
          )
          #expect(set.mean[0, at: i].distance(to: center[0, at: 0]) < 1e-5, "\(i)")
          let deviation = try #require(set.deviation)
          #expect(deviation[0, at: i].distance(to: spread[0, at: 0]) < 1e-5, "\(i)")
          #expect(
            set.mean[0, at: i].distance(to: set.mean[0, at: (i + 1) % 5]) > 1e-3, "\(i)")
        }
        let (one, other) = (
          sets[0].draw(8, model, Step(index: 3, seed: 2)),
          set.draw(8, model, Step(index: 3, seed: 2))
        )
        #expect(one.picks == other.picks && one.t.isIdentical(to: other.t))
        #expect(one.eps.isIdentical(to: other.eps) && one.xt.distance(to: other.xt) < 1e-5)
      }
    }
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
