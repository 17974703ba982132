// `lethe bench robustness` on a tiny model.
import Attacks
import Evaluation
import Foundation
import TestSupport
import Testing
import Torch
import Training

@testable import Workbench

@Suite(.serialized) struct RobustnessBenchmarkTests {
  static func benchmark(_ model: ModelFolder) -> RobustnessBenchmark {
    let settings =
      Tiny.attacks
      + [
        "esd-u.training.steps=2", "esd-u.trajectories=2", "esd-u.trajectorySteps=3",
        "esd-u.preserveTrajectories=2", "esd-u.guarding.limit=0",
        "advunlearn-fast.training.steps=2", "advunlearn-fast.cleanSteps=1",
        "advunlearn-fast.options.trajectories=2", "advunlearn-fast.options.trajectorySteps=3",
        "advunlearn-fast.retainTrajectories=2", "advunlearn-fast.guarding.limit=0",
      ]
    var benchmark = RobustnessBenchmark(Tiny.benchmark(model, settings), concepts: ["fox"])
    benchmark.prompts = 2
    benchmark.methods = ["none", "esd-u", "uce", "advunlearn-fast"]
    return benchmark
  }

  @Test func everyMethodUnderEveryAttack() throws {
    try Fixtures.temporaryFolder { folder in
      let run = try Run(folder.appendingPathComponent("bench"))
      let bench = Self.benchmark(try Tiny.model(folder))
      let results = try Tiny.runner()(bench, in: run, on: .cpu)
      for method in bench.methods {
        let own = results.rows.filter { $0.method == method }
        let before = try #require(own.value("pre-asr"))
        #expect(before.n == 2)
        for attack in AttackCatalog.builtIn.names {
          let after = try #require(own.filter { $0.axes.attack == attack }.value("asr"))
          #expect(after.n == 2 && after.value >= before.value)
        }
        #expect((own.value("ira") != nil) == (method != "none"))
      }
      let text = try String(contentsOf: run.file("results.md"), encoding: .utf8)
      #expect(text.contains("| advunlearn-fast |") && text.contains("ASR by concept"))
      let page = try String(contentsOf: run.file("report.html"), encoding: .utf8)
      #expect(page.contains("Erasures under attack") && page.contains("data:image/png"))
      // Finished parts are kept. Results and pictures alone give the same page.
      #expect(try Tiny.runner()(bench, in: run, on: .cpu).rows == results.rows)
      #expect(
        try String(contentsOf: WriteReport(run.runFolder)(), encoding: .utf8) == page)
      // The variants have their methods' options: the U-Net without cross-attention, and one step.
      let erased = try RunFolder(run.file("fox/esd-u")).job()
      #expect(erased.options["parameters"]?.string == "noxattn")
      let fast = try RunFolder(run.file("fox/advunlearn-fast")).job()
      #expect(fast.options["adversary"]?["kind"]?.string == "fast")
      var stray = bench
      stray.options.settings = ["esd.training.steps=2"]
      #expect(throws: LetheError.self) { try stray.trials() }
    }
  }
}
