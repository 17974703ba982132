import Diffusion
import Editing
import Evaluation
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training
import Unlearning
import WorkbenchSupport

@testable import Benchmarks
@testable import Workbench
@testable import Workflows

@Suite struct MethodBenchmarkTests {
  @Test func benchWritesOneTable() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      var bench = try MethodBenchmark(
        Tiny.benchmark(model, Tiny.esd.map { "esd." + $0 }), methods: ["esd", "uce"],
        concepts: ["fox", "symbola style"])
      let results = try Tiny.runner()(
        bench, in: Run(folder.appendingPathComponent("bench")), on: .cpu)
      let groups = Set(results.rows.map { "\($0.subject)/\($0.method)" })
      #expect(groups.count == 6)
      #expect(results.origin?.judges.count == 1)
      let table = try String(
        contentsOf: folder.appendingPathComponent("bench/results.md"), encoding: .utf8)
      #expect(table.contains("| fox | esd |") && table.contains("| symbola style | uce |"))
      let page = folder.appendingPathComponent("bench/report.html")
      #expect(try String(contentsOf: page, encoding: .utf8).contains("Methods side by side"))
      bench.options.settings = ["sdd.eta": 1]
      #expect(throws: LetheError.self) { try Tiny.runner()(bench, in: Run(folder), on: .cpu) }
    }
  }

  /// A concept that its judge cannot tell has no rates, and the page says why.
  @Test func aJudgeThatCannotTellIsNamed() throws {
    try Fixtures.temporaryFolder { folder in
      var options = try Tiny.benchmark(Tiny.model(folder))
      options.evaluation.quick = false
      (options.evaluation.seeds, options.evaluation.retainSeeds) = (10, 5)
      options.evaluation.sampling.steps = 1
      let run = try Run(folder.appendingPathComponent("bench"))
      let results = try Tiny.runner()(
        MethodBenchmark(options, methods: ["uce"], concepts: ["fox"]), in: run, on: .cpu)
      #expect(!results.rows.contains { $0.metric == "ua" })
      #expect(results.notes.contains { $0.hasPrefix("fox: This judge cannot tell") })
      let page = try String(contentsOf: run.file("report.html"), encoding: .utf8)
      #expect(page.contains("fox: This judge cannot tell"))
    }
  }
}
