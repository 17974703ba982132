// `bench robustness` on a tiny model, and the bookkeeping of its table.
import Attacks
import Evaluation
import Foundation
import TestSupport
import Testing
import Torch
import Training

@testable import Workbench

@Suite(.serialized) struct RobustnessTests {
  static func bench(_ model: URL) -> BenchRobustness {
    var bench = BenchRobustness(model: model.path)
    (bench.concepts, bench.prompts) = (["fox"], 2)
    (bench.methods, bench.options) = (
      ["none", "esd-u", "uce", "advunlearn-fast"], WorkflowTests.options
    )
    bench.settings =
      WorkflowTests.fastAttacks
      + [
        "esd-u.training.steps=2", "esd-u.trajectories=2", "esd-u.trajectorySteps=3",
        "esd-u.preserveTrajectories=2",
        "esd-u.guarding.limit=0", "advunlearn-fast.training.steps=2",
        "advunlearn-fast.cleanSteps=1", "advunlearn-fast.options.trajectories=2",
        "advunlearn-fast.options.trajectorySteps=3", "advunlearn-fast.retainTrajectories=2",
        "advunlearn-fast.guarding.limit=0",
      ]
    return bench
  }

  @Test func everyMethodUnderEveryAttack() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try WorkflowTests.model(folder)
      let run = try Run(folder.appendingPathComponent("bench"))
      let bench = Self.bench(model)
      let table = try bench(in: run, on: .cpu)
      for method in bench.methods {
        let before = try #require(table.rate(method, "erased", "pre-asr"))
        #expect(before.n == 2)
        for attack in Attacks.all.map({ $0.name }) {
          let after = try #require(table.rate(method, attack, "asr"))
          #expect(after.n == 2 && after.value >= before.value)
        }
        #expect((table.measured(method, "ira") != nil) == (method != "none"))
      }
      let text = table.markdown
      #expect(text.contains("| advunlearn-fast |") && text.contains("ASR by concept"))
      let page = try String(contentsOf: run.file("report.html"), encoding: .utf8)
      #expect(page.contains("Erasures under attack") && page.contains("data:image/png"))
      // Done parts are kept.
      #expect(try bench(in: run, on: .cpu).markdown == text)
      // The variants are the methods that they say: the U-Net without cross-attention, one step.
      let erased: EraseJob = try JSON(contentsOf: run.file("fox/esd-u/job.json")).decoded()
      #expect(erased.options["parameters"]?.string == "noxattn")
      let fast: EraseJob = try JSON(contentsOf: run.file("fox/advunlearn-fast/job.json")).decoded()
      #expect(fast.options["adversary"]?["kind"]?.string == "fast")
      var stray = bench
      stray.settings = ["esd.training.steps=2"]
      #expect(throws: LetheError.self) { try stray(in: run, on: .cpu) }
    }
  }

  /// Successes and prompts of several concepts add up before the interval is taken.
  @Test func ratesArePooled() throws {
    var table = RobustnessTable(
      methods: ["m"], attacks: ["a"], concepts: ["x", "y"], quick: false, command: "")
    for (concept, hits, n) in [("x", 1, 4), ("y", 3, 6)] {
      table.add(
        concept, "m",
        measured: [
          ResultRow("m", concept, .share("ira", hits, of: n), seeds: 1),
          ResultRow("original", concept, .share("ira", n, of: n), seeds: 1),
        ],
        attacked: [ResultRow("a", concept, .share("asr", hits, of: n), seeds: 1)], seconds: 2,
        pictures: [])
    }
    #expect(table.rate("m", "a", "asr") == .share("asr", 4, of: 10))
    #expect(table.rate("m", "a", "asr", of: ["y"]) == .share("asr", 3, of: 6))
    #expect(table.measured("m", "ira") == .share("ira", 4, of: 10))
    #expect(table.rate("m", "b", "asr") == nil)
    #expect(table.markdown.contains("1 of 4") && table.markdown.contains("3 of 6"))
  }
}
