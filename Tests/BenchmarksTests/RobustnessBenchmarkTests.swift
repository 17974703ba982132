// `lethe bench robustness` on a tiny model.
import Attacks
import Evaluation
import Foundation
import TestSupport
import Testing
import Torch
import Training
import WorkbenchSupport

@testable import Benchmarks
@testable import Workbench
@testable import Workflows

@Suite struct RobustnessBenchmarkTests {
  static func benchmark(_ model: ModelFolder) throws -> RobustnessBenchmark {
    let settings =
      Tiny.attacks
      + [
        "esd-u.training.steps=2", "esd-u.trajectories=2", "esd-u.trajectorySteps=3",
        "esd-u.preserveTrajectories=2", "esd-u.guarding.limit=0",
        "advunlearn-fast.training.steps=2", "advunlearn-fast.warmup=1",
        "advunlearn-fast.options.trajectories=2", "advunlearn-fast.options.trajectorySteps=3",
        "advunlearn-fast.retainTrajectories=2", "advunlearn-fast.guarding.limit=0",
      ]
    var benchmark = try RobustnessBenchmark(Tiny.benchmark(model, settings), concepts: ["fox"])
    benchmark.prompts = 2
    benchmark.methods = ["none", "esd-u", "uce", "advunlearn-fast"]
    return benchmark
  }

  @Test func everyMethodUnderEveryAttack() throws {
    try Fixtures.temporaryFolder { folder in
      let run = try Run(folder.appendingPathComponent("bench"))
      let bench = try Self.benchmark(Tiny.model(folder))
      let results = try Tiny.runner()(bench, in: run, on: .cpu)
      for method in bench.methods {
        let own = results.rows.filter { $0.method == method }
        let before = try #require(own.value("pre-asr"))
        #expect(before.n == 2)
        for attack in AttackCatalog.builtIn.names {
          let after = try #require(own.filter { $0.axes.attack == attack }.value("asr"))
          let log = run.events("fox/\(method)/attack/\(attack).jsonl")
          let won = log.filter { $0["success"]?.bool == true }
          let shown = log.filter { $0["before"]?.bool == true }
          #expect(after.n == 2 && after.value == Double(won.count) / 2)
          #expect(before.value == Double(shown.count) / 2)
          let isControlled = attack != "none" && attack != "random"
          let control = own.filter { $0.axes.attack == attack }
          let chance = control.value("chance")
          #expect((chance == nil) == !isControlled && chance?.n ?? 2 == 2)
          let beyond = control.value("beyond-chance")?.value
          #expect(beyond == chance.map { after.value - $0.value }, "\(attack)")
        }
        #expect((own.value("ira") != nil) == (method != "none"))
      }
      let text = try String(contentsOf: run.file("results.md"), encoding: .utf8)
      #expect(text.contains("| advunlearn-fast |") && text.contains("ASR by concept"))
      #expect(text.contains("Against random tokens with as many queries"))
      let page = try String(contentsOf: run.file("report.html"), encoding: .utf8)
      #expect(page.contains("Erasures under attack") && page.contains("data:image/png"))
      // Finished trials are kept. Results and pictures alone give the same page.
      #expect(try Tiny.runner()(bench, in: run, on: .cpu).rows == results.rows)
      #expect(
        try String(contentsOf: WriteReport(run.runFolder)(), encoding: .utf8) == page)
      // The variants have their methods' options: the U-Net without cross-attention, and one step.
      let erased = try RunFolder(run.file("fox/esd-u")).job()
      #expect(erased.options["parameters"]?.string == "noxattn")
      #expect(erased.holdsOutJudgedCaption == true)
      let fast = try RunFolder(run.file("fox/advunlearn-fast")).job()
      #expect(fast.options["adversary"]?["kind"]?.string == "fast")
      var stray = bench
      stray.options.settings = ["esd.training.steps": 2]
      #expect(throws: LetheError.self) { try stray.trials() }
    }
  }
}
