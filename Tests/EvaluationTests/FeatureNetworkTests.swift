import Diffusion
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN

@testable import Evaluation

/// The networks behind FID and LPIPS, on seeded weights, against pytorch-fid, clean-fid and lpips.
@Suite struct FeatureNetworkTests {
  let golden: [String: Tensor]
  init() throws { golden = try Fixtures.tensors("measures.safetensors") }

  func golden(_ name: String) throws -> Tensor { try #require(golden[name]) }

  /// Weights of a network with the shapes of `initial`. The classifier is part of the count, as in the reference.
  func inception() throws -> InceptionV3 {
    let initial = try InceptionV3(.initial(Generator(seed: 0)))
    var shapes = Dictionary(
      uniqueKeysWithValues: initial.parameters.tensors.map { ($0.name, $1.shape) })
    (shapes["fc.weight"], shapes["fc.bias"]) = ([1008, 2048], [1008])
    let weights = Seeded.weights(shapes) { name, w in
      if name.hasSuffix("running_mean") { return 0.1 * w }
      if name.hasSuffix("running_var") { return 1 + 0.5 * w.squared() }
      if w.rank > 1 { return Seeded.scaled(w) }
      return name.hasSuffix("weight") ? 1 + 0.1 * w : 0.1 * w
    }
    return try InceptionV3(
      .tensors(Dictionary(uniqueKeysWithValues: weights.map { (ParameterPath($0), $1) })))
  }

  @Test func inceptionFeatures() throws {
    let (network, picture) = (try inception(), Seeded.smooth(64, 64))
    let blocks = withoutGradients { network.blocks(InceptionInput.pytorchFID(picture)) }
    let means = try golden("inception.means").doubles
    for (block, mean) in zip(blocks, means) {
      #expect(abs(block.to(.float64).mean().item - mean) < 1e-5)
    }
    let features = blocks[3].mean(2, 3).flattened()
    #expect(features.distance(to: try golden("inception.pytorch-fid")) < 1e-4)
    let clean = network.features(picture, .cleanFID).flattened()
    #expect(clean.distance(to: try golden("inception.clean-fid")) < 1e-4)
    #expect(clean.distance(to: features) > 1e-5)
  }

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

  @Test func cleanResizing() throws {
    let x = InceptionInput.cleanFID(Seeded.smooth(64, 64))[0, at: 0]
    let picked = x.sliced(1, 0..<299, step: 50).sliced(2, 0..<299, step: 50)
    #expect(picked.distance(to: try golden("input.clean-fid")) < 1e-5)
  }

  /// The middle square of a wide picture is taken, and each profile has numbers of its own.
  @Test func profilesDiffer() {
    let wide = Seeded.smooth(64, 96)
    let square = InceptionInput.t2iBenchmark(wide.narrowed(3, 16, 64))
    #expect(InceptionInput.t2iBenchmark(wide).isIdentical(to: square))
    let picture = Seeded.smooth(64, 64)
    let inputs = InceptionInput.allCases.map { $0(picture) }
    for (i, a) in inputs.enumerated() {
      for b in inputs[..<i] { #expect(a.distance(to: b) > 1e-3) }
    }
  }

  @Test(arguments: PerceptualNetwork.Kind.allCases)
  func lpips(_ kind: PerceptualNetwork.Kind) throws {
    let initial = try PerceptualNetwork(kind, .initial(Generator(seed: 0)))
    let shapes = Dictionary(
      uniqueKeysWithValues: initial.parameters.tensors.map { ($0.name, $1.shape) })
    var weights = Seeded.weights(shapes.filter { $0.key.hasPrefix("features.") }) { _, w in
      w.rank > 1 ? Seeded.scaled(w) : 0.1 * w
    }
    for (k, tap) in kind.taps.enumerated() {
      weights["lin\(k).model.1.weight"] =
        Tensor.randn([1, tap.channels, 1, 1], Generator(seed: UInt64(1000 + k))).abs()
    }
    let lpips = LPIPS(
      try PerceptualNetwork(
        kind, .tensors(Dictionary(uniqueKeysWithValues: weights.map { (ParameterPath($0), $1) }))))
    let (x, expected) = (Seeded.smooth(64, 64), try golden("lpips.\(kind.rawValue)").doubles)
    let taps = withoutGradients { lpips.taps(x, x.flipped(3)) }.map(\.item)
    #expect(taps.count == expected.count - 1)
    for (tap, value) in zip(taps, expected) { #expect(abs(tap - value) < 1e-5 * max(1, value)) }
    let total = try #require(expected.last)
    #expect(abs(lpips(x, x.flipped(3))[0] - total) < 1e-5 * max(1, total))
    #expect(lpips(x, x) == [0])
    let other = try DrawnPictures(x, prompts: ["b"])
    #expect(throws: LetheError.self) {
      try lpips.measure(DrawnPictures(x, prompts: ["a"]), reference: other)
    }
  }
}
