import Diffusion
import Editing
import Evaluation
import Testing
import Torch

@Suite struct MetricCatalogTests {
  /// Metrics do not depend on the order of pictures.
  @Test(arguments: MetricCatalog.builtIn.names) func orderDoesNotMatter(_ name: String) throws {
    let metric = try #require(MetricCatalog.builtIn.all.first { $0.name == name }).init()
    func mixed(_ order: [Int]) throws -> JudgedSet {
      var p = try JudgedPictures.golden("a")
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
    let a = metric.measure(
      try mixed(Array(0..<64)), forgotten: JudgedPictures.fox,
      reference: try JudgedPictures.golden("b"))
    let b = metric.measure(
      try mixed((0..<64).reversed()), forgotten: JudgedPictures.fox,
      reference: try JudgedPictures.golden("b"))
    #expect(abs((try #require(a)).value - (try #require(b)).value) < 1e-9)
  }
}
