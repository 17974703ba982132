import Diffusion
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN

@testable import Evaluation

/// Distances of feature sets, against scipy, torchmetrics and numbers worked out by hand.
@Suite struct PictureMetricTests {
  let x = Seeded.rows(10, 3, 0)
  let y = Seeded.rows(12, 3, 0.4) + 0.2
  /// A cluster of each row.
  func alone(_ n: Int) -> ClusterBootstrap { ClusterBootstrap(Array(0..<n)) }

  /// Both forms of the distance equal scipy's sqrtm, with more rows than columns and with fewer.
  @Test(arguments: [(10, 12, 3), (200, 150, 5), (6, 7, 16)])
  func frechet(_ n: Int, _ m: Int, _ d: Int) throws {
    let (a, b) = (Seeded.rows(n, d, 0), Seeded.rows(m, d, 0.4) + 0.2)
    let expected = try Measures.golden("frechet.\(n).\(m).\(d)").item
    #expect(abs(FID.distance(a, b) - expected) < 1e-6)
    #expect(abs(Gaussian(a).distance(to: Gaussian(b)) - expected) < 1e-6)
    #expect(FID.distance(a, a) < 1e-9)
  }

  /// Half of the memory holds three maps of 64 channels at the size of each picture.
  @Test func networksLookAtAsManyPicturesAsFit() {
    let (x, picture) = (Tensor.zeros([10, 3, 8, 8]), 64 * 3 * 64 * 4)
    #expect(x.passes(atMost: 4, memory: 1 << 30) == [0..<4, 4..<8, 8..<10])
    #expect(x.passes(atMost: 64, memory: 2 * 3 * picture) == [0..<3, 3..<6, 6..<9, 9..<10])
    #expect(x.passes(atMost: 64, memory: 2 * 3 * picture - 2).first == 0..<2)
    #expect(x.passes(atMost: 64, memory: 0).count == 10 && x.passes(atMost: 64) == [0..<10])
    #expect(Tensor.arange(0, 5).rows(1..<3).floats == [1, 2])
  }

  /// 5 + (2 - 1)^2 + (3 - 4)^2 = 7
  @Test func frechetOfDiagonals() {
    let first = Gaussian(mean: Tensor([1.0, 2]), covariance: Tensor([4.0, 0, 0, 9], [2, 2]))
    let second = Gaussian(mean: Tensor([0.0, 0]), covariance: Tensor([1.0, 0, 0, 16], [2, 2]))
    #expect(abs(first.distance(to: second) - 7) < 1e-12)
  }

  @Test func fidHasAnIntervalAroundIt() throws {
    let value = FID.value("fid", x, y, alone(10))
    let interval = try #require(value.interval)
    #expect(interval.lower <= value.value && value.value <= interval.upper && value.n == 10)
    #expect(
      FID.value("fid", x, y, ClusterBootstrap([0, 0, 0, 0, 0, 1, 1, 1, 1, 1])).interval == nil)
  }

  /// torchmetrics' polynomial MMD has all pairs of ten and ten rows. The value of ten and twelve is worked out in
  /// numpy.
  @Test func kid() throws {
    let value = KID.value("kid", x, y.narrowed(0, 0, 10), alone(10))
    #expect(abs(value.value - (try Measures.golden("kid").item)) < 1e-10)
    #expect(abs(KID.value("kid", x, y, alone(10)).value + 0.2439259413) < 1e-9)
    let interval = try #require(value.interval)
    #expect(interval.lower < value.value && value.value < interval.upper)
  }

  /// Orthogonal vectors give 2000 (1 - exp(-0.01)).
  @Test func cmmd() {
    func unit(_ a: Tensor) -> Tensor { a / a.norm(1, keepDimensions: true) }
    let value = CMMD.value("cmmd", unit(x), unit(y), alone(10)).value
    #expect(abs(value - 0.6572320720) < 1e-8)
    #expect(abs(CMMD.value("cmmd", unit(x), unit(x), alone(10)).value) < 1e-9)
    let corners = Tensor.identity(2, .float64)
    let apart = CMMD.value(
      "cmmd", corners.narrowed(0, 0, 1), corners.narrowed(0, 1, 1), alone(1))
    #expect(abs(apart.value - 19.90033250) < 1e-7 && apart.interval == nil)
  }

  /// NumPy wrote the file, deflated; what Lethe writes comes back with the same bits.
  @Test func statisticsAreReadAndWritten() throws {
    let read = try Gaussian.load(Fixtures.url("statistics.npz"))
    #expect(read.mean.distance(to: try Measures.golden("statistics.mu")) == 0)
    #expect(read.covariance.distance(to: try Measures.golden("statistics.sigma")) == 0)
    #expect(read.mean.distance(to: x.mean(0)) < 1e-12)
    try Fixtures.temporaryFolder { folder in
      let file = folder.appendingPathComponent("own.npz")
      try read.save(to: file)
      #expect(try Gaussian.load(file).covariance.isIdentical(to: read.covariance))
      try NPZ.write(["mu": Tensor([1.0, 2]), "sigma": Tensor([1.0, 2])], to: file)
      #expect { try Gaussian.load(file) } throws: {
        "\($0)".contains("'sigma' [D, D] are needed; it has 'mu' [2], 'sigma' [2]")
      }
    }
  }

  /// Each picture is compared with its own prompt, and the four scales are those of their formulas.
  @Test func clipScore() throws {
    let clip = try CLIPModel.load(Fixtures.url("tiny-clip"))
    let pictures = Tensor.concatenate([
      Seeded.smooth(32, 32), Seeded.smooth(40, 40).narrowed(2, 8, 32).narrowed(3, 0, 32),
      -Seeded.smooth(32, 32),
    ])
    let prompts = ["a noto emoji of a fox", "fox", "a noto emoji of a fox"]
    let drawn = try DrawnPictures(pictures, prompts: prompts)
    func cosines(_ texts: [String]) -> [Double] {
      withoutGradients {
        let images = clip.imageVectors(clip.processor(pictures))
        return (images * clip.textVectors(texts)).sum(1).doubles
      }
    }
    func score(_ profile: CLIPScore.Profile) throws -> MeasuredValue {
      try #require(try CLIPScore(clip, named: "tiny", profile).measure(drawn, reference: nil))
    }
    let expected = cosines(prompts)
    #expect(abs(try score(.cosine).value - expected.mean) < 1e-6)
    #expect(abs(try score(.x100).value - 100 * expected.mean) < 1e-4)
    #expect(abs(try score(.torchmetrics).value - max(0, 100 * expected.mean)) < 1e-4)
    let prefixed = cosines(prompts.map { "A photo depicts " + $0 })
    #expect(abs(try score(.hessel).value - prefixed.map { 2.5 * max($0, 0) }.mean) < 1e-6)
    #expect(try score(.cosine).n == 3 && score(.cosine).interval?.kind == .t95)
  }

  /// The change is that of each picture against the same one of the reference, with the interval of the differences.
  @Test func clipScoresInPairs() throws {
    let clip = try CLIPModel.load(Fixtures.url("tiny-clip"))
    let (a, b) = (
      Seeded.smooth(32, 32), Seeded.smooth(40, 40).narrowed(2, 8, 32).narrowed(3, 0, 32)
    )
    let prompts = ["fox", "a noto emoji of a fox", "an owl"]
    func drawn(_ pictures: [Tensor], _ prompts: [String]) throws -> DrawnPictures {
      try DrawnPictures(Tensor.concatenate(pictures), prompts: prompts)
    }
    let (new, old) = (try drawn([a, b, -a], prompts), try drawn([b, b, a], prompts))
    let score = CLIPScore(clip, named: "tiny", .x100)
    let change = try #require(try score.change(new, from: old))
    let pairs = try (0..<3).map { i -> Double in
      func one(_ set: DrawnPictures) throws -> Double {
        let picture = try drawn([set.pictures.narrowed(0, i, 1)], [prompts[i]])
        return try #require(try score.measure(picture, reference: nil)).value
      }
      return try one(new) - one(old)
    }
    #expect(abs(change.value - pairs.mean) < 1e-4 && abs(pairs[1]) < 1e-6 && abs(pairs[0]) > 1e-3)
    #expect(change.metric == "clip-score-change@x100:tiny" && change.n == 3)
    let expected = ClusterBootstrap(prompts).mean("", pairs).interval
    #expect(abs((change.interval?.lower ?? 0) - (expected?.lower ?? 1)) < 1e-3)
    #expect(try score.change(old, from: old)?.interval?.upper == 0)
    #expect(try CLIPScore(clip, named: "tiny", .hessel).change(new, from: old) == nil)
    #expect(try score.change(new, from: drawn([a, a, a], ["fox", "fox", "fox"])) == nil)
    #expect(PictureMeasure(of: change.metric) == nil)
  }

  /// The catalog has a metric for every profile that the networks allow, under names of their own.
  @Test func catalog() throws {
    var networks = MetricNetworks()
    #expect(PictureMetricCatalog.builtIn.metrics(networks).isEmpty)
    networks.clip = (try CLIPModel.load(Fixtures.url("tiny-clip")), "tiny", "0a1b2c3d4e")
    networks.perceptual = [(try PerceptualNetwork(.squeeze, .initial(Generator(seed: 1))), "5f6e")]
    let metrics = PictureMetricCatalog.builtIn.metrics(networks)
    #expect(
      metrics.map(\.name) == [
        "clip-score@cosine:tiny", "clip-score@x100:tiny", "clip-score@torchmetrics:tiny",
        "clip-score@hessel:tiny", "cmmd:tiny", "lpips@squeeze-0.1",
      ])
    #expect(
      metrics.map(\.profile.description) == [
        "cosine, tiny 0a1b2c3d", "x100, tiny 0a1b2c3d", "torchmetrics, tiny 0a1b2c3d",
        "hessel, tiny 0a1b2c3d", "cmmd, tiny 0a1b2c3d", "0.1, squeeze 5f6e",
      ])
    let drawn = try DrawnPictures(Seeded.smooth(32, 32), prompts: ["fox"])
    let other = try DrawnPictures(-Seeded.smooth(32, 32), prompts: ["fox"])
    for metric in metrics {
      let value = try #require(try metric.measure(drawn, reference: other))
      #expect(value.metric == metric.name && value.value.isFinite && value.n == 1)
    }
    let cmmd = try #require(metrics.first { $0.name.hasPrefix("cmmd") })
    #expect(try cmmd.measure(drawn, reference: nil) == nil)
    let same = try #require(try cmmd.measure(drawn, reference: drawn))
    #expect(abs(same.value) < 1e-9)
  }

  @Test func picturesAndPromptsBelongTogether() {
    #expect(throws: LetheError.self) {
      try DrawnPictures(Tensor.zeros([2, 3, 4, 4]), prompts: ["a fox"])
    }
  }
}
