// A method and a metric from outside the package reach a benchmark's rows and table.
import Evaluation
import Foundation
import TestSupport
import Testing
import Torch
import Training
import Workbench
import WorkbenchSupport
import Workflows

@testable import Benchmarks

@Suite struct AddedMethodTests {
  @Test func benchmarksSeeAdditions() throws {
    try Fixtures.temporaryFolder { folder in
      var options = try Tiny.benchmark(Tiny.model(folder), ["shift.change=0.25"])
      options.catalogs = try Added.catalogs()
      let bench = MethodBenchmark(options, methods: ["shift", "uce"], concepts: ["fox"])
      let run = try Run(folder.appendingPathComponent("bench"))
      let results = try Tiny.runner()(bench, in: run, on: .cpu)
      #expect(results.titles["shift"] == "Shifted bias")
      #expect(Set(results.rows.map(\.method)) == ["original", "shift", "uce"])
      let table = try String(contentsOf: run.file("results.md"), encoding: .utf8)
      #expect(table.contains("confusion ↓") && table.contains("| fox | shift |"))
    }
  }

  /// A variant that a method brings with it is a name in benchmarks.
  @Test func benchmarksSeeVariantsOfAdditions() throws {
    try Fixtures.temporaryFolder { folder in
      var options = try Tiny.benchmark(Tiny.model(folder), ["random.attempts=2"])
      options.catalogs = try Added.catalogs()
      var bench = RobustnessBenchmark(options, concepts: ["fox"])
      (bench.methods, bench.attacks, bench.prompts) = (["shift-half"], ["random"], 2)
      let run = try Run(folder.appendingPathComponent("bench"))
      let results = try Tiny.runner()(bench, in: run, on: .cpu)
      #expect(Set(results.rows.map(\.method)) == ["original", "shift-half"])
      let job = try RunFolder(run.file("fox/shift-half")).job()
      #expect(job.method == "shift" && job.options["change"] == 0.25)
    }
  }
}
