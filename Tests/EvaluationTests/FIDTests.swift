import Diffusion
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN

@testable import Evaluation

@Suite struct FIDTests {
  /// Statistics are computed once and then read; the pictures that they are of have a distance of 0 from them.
  @Test func statisticsAreCached() throws {
    let fid = FID(try InceptionV3(.initial(Generator(seed: 1))), .pytorchFID)
    let pictures = Tensor.concatenate([Seeded.smooth(16, 16), -Seeded.smooth(16, 16)])
    try Fixtures.temporaryFolder { folder in
      let file = folder.appendingPathComponent("real.npz")
      struct Asked: Error {}
      func unasked() throws -> Tensor { throw Asked() }
      #expect(throws: Asked.self) { try fid.statistics(try unasked(), cachedIn: file) }
      let first = try fid.statistics(fid.network.features(pictures, .pytorchFID), cachedIn: file)
      let second = try fid.statistics(try unasked(), cachedIn: file)
      #expect(first.covariance.shape == [2048, 2048])
      #expect(first.mean.isIdentical(to: second.mean))
      let drawn = try DrawnPictures(pictures, prompts: ["a", "b"])
      let own = try #require(try fid.measure(drawn, reference: drawn))
      #expect(own.metric == "fid@pytorch-fid" && abs(own.value) < 1e-6)
      #expect(fid.note(own.n) != nil && fid.note(2048) == nil)
      try NPZ.write(
        ["mu": Tensor([1.0, 2]), "sigma": Tensor([1.0, 0, 0, 1], [2, 2])], to: file)
      let narrow = RealPictures(fid, try .load(file), named: "narrow")
      #expect { try narrow.measure(drawn, reference: nil) } throws: {
        "\($0)".contains("2048 features")
      }
      // The pictures' own statistics are at a distance of 0, whatever the reference; others are not.
      let real = RealPictures(fid, first, named: "coco")
      let zero = try #require(try real.measure(drawn, reference: drawn))
      #expect(zero.metric == "fid@pytorch-fid:coco" && abs(zero.value) < 1e-6)
      #expect(PictureMeasure(of: zero.metric) == .fid)
      // Means that lie 1 apart in each of 2048 features.
      let shifted = Gaussian(mean: first.mean + 1, covariance: first.covariance)
      let far = try RealPictures(fid, shifted, named: "coco").measure(drawn, reference: drawn)
      #expect(abs(try #require(far).value - 2048) < 1e-3)
    }
  }
}
