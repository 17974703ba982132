import Diffusion
import Editing
import Evaluation
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN

@Suite struct EvaluationTests {
  let golden: [String: Tensor]
  init() throws { golden = try Fixtures.tensors("numbers.safetensors") }

  func set(_ name: String, _ styles: String = "noto") throws -> JudgedSet {
    let features = try #require(golden["features.\(name)"])
    let asked = [[String: String]](
      repeating: ["object": "owl", "style": styles], count: features.size(0))
    return JudgedSet(asked: asked, seen: asked, features: features)
  }
  let forgotten = Forgotten(kind: "object", names: ["fox"])

  /// The distance of one pair equals the formula, written out.
  @Test func perceptualDistance() throws {
    var card = JudgeNetwork.Card(heads: ["object": ["a", "b"]])
    (card.widths, card.size) = ([4, 8], 16)
    let network = try JudgeNetwork(card, .initial(Generator(seed: 1)))
    let x = Tensor.randn([2, 3, 16, 16], Generator(seed: 2))
    let y = Tensor.randn([2, 3, 16, 16], Generator(seed: 3))
    let distance = PerceptualDistance(network)
    #expect(distance(x, x) == [0, 0])
    let found = distance(x, y)
    let expected = withoutGradients {
      zip(network.maps(x), network.maps(y)).map { f, g -> Double in
        let (f, g) = (f[0, at: 1].to(.float64), g[0, at: 1].to(.float64))  // [C, h, w]
        let (a, b) = (f.squared().sum(0), g.squared().sum(0))
        let cosine = (f * g).sum(0) / ((a * b).sqrt() + 1e-20)
        // The zero vector has length 0 after the division, not 1.
        return (a / (a + 1e-20) + b / (b + 1e-20) - 2 * cosine).mean().item
      }.reduce(0, +) / 2
    }
    #expect(abs(found[1] - expected) < 1e-4 && found[1] > 0 && found[1] <= 2)
    #expect(distance(y, x)[0] == found[0])
  }

  /// The expected value comes from scipy's sqrtm on the same rows.
  @Test func frechetDistance() throws {
    let value = try #require(
      FrechetDistance().measure(try set("a"), forgotten: forgotten, reference: try set("b")))
    #expect(abs(value.value - (try #require(golden["frechet"])).item) < 1e-6)
    let interval = try #require(value.interval)
    #expect(interval.lower <= value.value && value.value <= interval.upper && value.n == 64)
    #expect(interval.kind == .bootstrap95)
    let same = Gaussian((try set("a")).features)
    #expect(same.distance(to: same) < 1e-6)
  }

  @Test func precisionAndRecall() throws {
    let p = try #require(
      Precision().measure(try set("a"), forgotten: forgotten, reference: try set("b")))
    let r = try #require(
      Recall().measure(try set("a"), forgotten: forgotten, reference: try set("b")))
    #expect(abs(p.value - (try #require(golden["precision"])).item) < 1e-9 && p.n == 64)
    #expect(abs(r.value - (try #require(golden["recall"])).item) < 1e-9 && r.n == 80)
  }

  /// UA counts the pictures of the forgotten theme, IRA and CRA all others.
  @Test func unlearnCanvasAccuracies() throws {
    let asked = [
      ("fox", "noto"), ("fox", "line"), ("owl", "noto"), ("owl", "line"), ("cat", "noto"),
    ]
    let seen = [
      ("cat", "noto"), ("fox", "line"), ("owl", "line"), ("owl", "line"), ("owl", "noto"),
    ]
    func subjects(_ pairs: [(String, String)]) -> [[String: String]] {
      pairs.map { ["object": $0.0, "style": $0.1] }
    }
    let p = JudgedSet(asked: subjects(asked), seen: subjects(seen), features: Tensor.zeros([5, 2]))
    let ua = try #require(UnlearningAccuracy().measure(p, forgotten: forgotten, reference: nil))
    #expect(ua.value == 0.5 && ua.n == 2)
    let ira = try #require(
      InDomainRetainAccuracy().measure(p, forgotten: forgotten, reference: nil))
    #expect(abs(ira.value - 2.0 / 3) < 1e-12 && ira.n == 3)
    let cra = try #require(
      CrossDomainRetainAccuracy().measure(p, forgotten: forgotten, reference: nil))
    #expect(abs(cra.value - 2.0 / 3) < 1e-12)
    let style = Forgotten(kind: "style", names: ["line"])
    #expect(
      try #require(UnlearningAccuracy().measure(p, forgotten: style, reference: nil)).value == 0)
    #expect(
      try #require(CrossDomainRetainAccuracy().measure(p, forgotten: style, reference: nil)).n == 3)
  }

  /// Metrics do not depend on the order of pictures.
  @Test(arguments: MetricCatalog.builtIn.names) func orderDoesNotMatter(_ name: String) throws {
    let metric = try #require(MetricCatalog.builtIn.all.first { $0.name == name }).init()
    func mixed(_ order: [Int]) throws -> JudgedSet {
      var p = try set("a")
      p.asked[0]["object"] = "fox"
      p.seen[1]["object"] = "cat"
      let beliefs = order.map { i -> [String: [String: Double]] in
        let owl = Double(i) / 64
        return ["object": ["owl": owl, "fox": 1 - owl]]
      }
      return JudgedSet(
        asked: order.map { p.asked[$0] }, seen: order.map { p.seen[$0] },
        features: p.features.indexed(0, order), beliefs: beliefs)
    }
    let a = metric.measure(try mixed(Array(0..<64)), forgotten: forgotten, reference: try set("b"))
    let b = metric.measure(
      try mixed((0..<64).reversed()), forgotten: forgotten, reference: try set("b"))
    #expect(abs((try #require(a)).value - (try #require(b)).value) < 1e-9)
  }

  @Test func judgesComeBack() throws {
    var card = JudgeNetwork.Card(heads: [
      "object": ["fox", "owl"], "style": ["noto", "line", "x"],
    ])
    card.widths = [4, 8, 8]
    let judge = try JudgeNetwork(card, .initial(Generator(seed: 1)))
    try Fixtures.temporaryFolder { folder in
      try judge.save(to: folder)
      let again = try JudgeNetwork.load(folder)
      let x = Tensor.randn([2, 3, 16, 16], Generator(seed: 2))
      #expect(judge.features(x).distance(to: again.features(x)) < 1e-2)
    }
  }

  @Test func manifestsDecideWhatIsMissing() throws {
    try Fixtures.temporaryFolder { folder in
      let a = SampleSet.Sample("0", 0, prompt: "a fox", seed: 1)
      var b = SampleSet.Sample("1", 0, prompt: "an owl", seed: 1)
      func manifest(_ samples: [SampleSet.Sample], _ model: String = "m") -> SampleSet.Manifest {
        .init(sampling: .init(), model: model, erasers: [], samples: samples)
      }
      let set = try SampleSet.create(folder, manifest([a, b]))
      for s in [a, b] {
        try PNG.write(
          Image.grey(2, 2), text: [("parameters", s.prompt)], to: set.url(s))
      }
      #expect(try SampleSet.create(folder, manifest([a, b])).missing.isEmpty)
      b.seed = 2
      #expect(try SampleSet.create(folder, manifest([a, b])).missing == [b])
      #expect(try SampleSet.create(folder, manifest([a, b], "other")).missing == [a, b])
    }
  }

  /// Names in a manifest reach no file outside of its folder.
  @Test(arguments: ["../album/photo", "/tmp/photo", "a/../b", "a/b"])
  func manifestsNameFilesOfTheirFolder(_ number: String) throws {
    try Fixtures.temporaryFolder { folder in
      let album = folder.appendingPathComponent("album")
      try FileManager.default.createDirectory(at: album, withIntermediateDirectories: true)
      let photo = album.appendingPathComponent("photo_1.png")
      try Data("precious".utf8).write(to: photo)
      func manifest(_ number: String) -> SampleSet.Manifest {
        let sample = SampleSet.Sample(number, 1, prompt: "a fox", seed: 1)
        return .init(sampling: .init(), model: "m", erasers: [], samples: [sample])
      }
      let out = folder.appendingPathComponent("out")
      #expect(throws: LetheError.self) { try SampleSet.create(out, manifest(number)) }
      _ = try SampleSet.create(out, manifest("photo"))
      let hostile = try JSON(encoding: manifest(number)).pretty
      try Data(hostile.utf8).write(to: out.appendingPathComponent("manifest.json"))
      let error = #expect(throws: LetheError.self) { try SampleSet(out) }
      #expect(error?.kind == .model && error?.sentence.contains("manifest.json") == true)
      _ = try? SampleSet.create(out, manifest("0"))
      #expect(try Data(contentsOf: photo) == Data("precious".utf8))
    }
  }
}
