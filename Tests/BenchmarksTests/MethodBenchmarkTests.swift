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
      var bench = MethodBenchmark(
        Tiny.benchmark(model, Tiny.esd.map { "esd." + $0 }), methods: ["esd", "uce"],
        concepts: ["fox", "symbola style"])
      let results = try Tiny.runner()(
        bench, in: Run(folder.appendingPathComponent("bench")), on: .cpu)
      let groups = Set(results.rows.map { "\($0.subject)/\($0.method)" })
      #expect(groups.count == 6)
      let table = try String(
        contentsOf: folder.appendingPathComponent("bench/results.md"), encoding: .utf8)
      #expect(table.contains("| fox | esd |") && table.contains("| symbola style | uce |"))
      let page = folder.appendingPathComponent("bench/report.html")
      #expect(try String(contentsOf: page, encoding: .utf8).contains("Methods side by side"))
      bench.options.settings = ["sdd.eta=1"]
      #expect(throws: LetheError.self) { try Tiny.runner()(bench, in: Run(folder), on: .cpu) }
    }
  }
}
