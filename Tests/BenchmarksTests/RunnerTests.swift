import Editing
import Evaluation
import Foundation
import OutsideMethod
import Processes
import TestSupport
import Testing
import Torch
import Training
import WorkbenchSupport

@testable import Benchmarks
@testable import Workbench
@testable import Workflows

@Suite struct RunnerTests {
  /// Trials that count how often they run.
  private struct Counting: Benchmark {
    static let kind = Results.Kind.benchMethods
    var options = BenchmarkOptions(ModelFolder("none"))
    /// The trial whose training is stopped by its guard.
    var stops = ""

    func trials() -> [Trial] {
      ["a", "b/c"].map { name in
        Trial(name) { part, whole, _ in
          try whole.record(["trial": .string(name)])
          var found = Trial.Findings()
          found.rows = [
            ResultRow("original", "x", .share("ua", 0, of: 4), seeds: 1),
            ResultRow(name, "x", .share("ua", 3, of: 4), seeds: 1),
          ]
          part.progress("stage", 1, 2)
          if stops == name {
            let stop = Verdict.Stop(step: 10, kept: 5, drift: 0.7, limit: 0.5)
            try part.runFolder.write(Verdict.stopped(stop), to: "verdict.json")
          }
          return found
        }
      }
    }

    func complete(_ results: inout Results) { results.notes = ["\(results.rows.count) rows"] }
  }

  /// Trials go to the rank that is free, and each is done once.
  @Test func ranksTakeTrialsInTurn() throws {
    try Fixtures.temporaryFolder { folder in
      let found = try RanksInThreads.run(2) { ranks -> [String] in
        let run = try Run(folder)
        run.ranks = ranks
        return try Tiny.runner()(Counting(), in: run, on: .cpu).rows.map(\.method)
      }
      #expect(found == Array(repeating: ["original", "a", "b/c"], count: 2))
      let run = try Run(folder)
      #expect(run.events().compactMap { $0["trial"]?.string }.sorted() == ["a", "b/c"])
      #expect(try run.runFolder.results().rows.count == 3)
    }
  }

  /// A benchmark of two ranks, which erase, draw and judge in trials of their own, has the files of one process, byte
  /// for byte but for times. Its events are in the order in which trials end.
  @Test func ranksWriteTheFilesOfOneProcess() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      let (found, files) = try SharedFolders.differences(
        below: folder, [2], unordered: ["events.jsonl"]
      ) { out, ranks in
        let bench = try MethodBenchmark(
          Tiny.benchmark(model, Tiny.esd.map { "esd." + $0 }), methods: ["esd", "uce"],
          concepts: ["fox"])
        let run = try Run(out)
        run.ranks = ranks
        try Tiny.runner()(bench, in: run, on: .cpu)
      }
      #expect(files > 20)
      for difference in found { Issue.record("\(difference)") }
    }
  }

  @Test func putsTrialsTogether() throws {
    try Fixtures.temporaryFolder { folder in
      let run = try Run(folder)
      var stages: [String] = []
      run.onProgress = { stages.append($0.stage) }
      let results = try Tiny.runner()(Counting(), in: run, on: .cpu)
      #expect(results.rows.map(\.method) == ["original", "a", "b/c"])
      #expect(results.notes == ["3 rows"])
      #expect(stages == ["a (1 of 2): stage", "b/c (2 of 2): stage"])
      #expect(try run.runFolder.results() == results)
      #expect(run.runFolder.has("results.md") && run.runFolder.has("report.html"))
      #expect(run.runFolder.has("b/c"))
    }
  }

  /// A trial whose training its guard stopped does not end the benchmark, and is marked in its tables.
  @Test func goesOnAfterAStoppedTraining() throws {
    try Fixtures.temporaryFolder { folder in
      let run = try Run(folder)
      let results = try Tiny.runner()(Counting(stops: "a"), in: run, on: .cpu)
      #expect(results.rows.map(\.method) == ["original", "a", "b/c"])
      #expect(results.stopped.map(\.label) == ["a"] && results.stopped.map(\.subject) == ["x"])
      #expect(results.stopped[0].sentence.contains("stopped at step 10"))
      #expect(try run.runFolder.results().stopped == results.stopped)
      let table = try String(contentsOf: run.file("results.md"), encoding: .utf8)
      #expect(table.contains("| x | a † |") && table.contains("| x | b/c |"))
      #expect(table.contains("stopped at step 10"))
    }
  }

  @Test func doesOneTrialAndRefusesAnother() throws {
    try Fixtures.temporaryFolder { folder in
      let run = try Run(folder)
      let results = try Tiny.runner(only: "b/c")(Counting(), in: run, on: .cpu)
      #expect(results.rows.map(\.method) == ["original", "b/c"])
      #expect(run.events().map { $0["trial"]?.string } == ["b/c"])
      #expect(!run.runFolder.has("results.json"))
      let error = #expect(throws: LetheError.self) {
        try Tiny.runner(only: "b/d")(Counting(), in: run, on: .cpu)
      }
      #expect(error?.sentence.contains("did you mean 'b/c'?") == true)
    }
  }

  /// A shell takes the program's place and writes down the trial that it is given.
  @Test func startsAProcessForEachTrial() throws {
    try Fixtures.temporaryFolder { folder in
      let run = try Run(folder.appendingPathComponent("run"))
      let log = folder.appendingPathComponent("asked").path
      var runner = Runner(
        program: URL(fileURLWithPath: "/bin/sh"),
        arguments: ["-c", "echo \"$2\" >> '\(log)'", "sh"], jobs: 2)
      try runner(Counting(), in: run, on: .cpu)
      let asked = try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n")
      #expect(asked.sorted() == ["a", "b/c"])
      runner.jobs = 0
      #expect(throws: LetheError.self) { try runner(Counting(), in: run, on: .cpu) }
    }
  }

  /// A benchmark of another package has the runner, and a page of the rows that it names.
  @Test func addingABenchmark() throws {
    try Fixtures.temporaryFolder { folder in
      var options = BenchmarkOptions(try Tiny.model(folder))
      options.evaluation = Tiny.evaluation
      let run = try Run(folder.appendingPathComponent("bench"))
      let results = try Runner()(Greys(options, concepts: ["fox", "cat"]), in: run, on: .cpu)
      #expect(results.rows.map(\.subject) == ["fox", "fox", "cat", "cat"])
      #expect(results.rows.map(\.method) == ["original", "uce", "original", "uce"])
      let table = try String(contentsOf: run.file("results.md"), encoding: .utf8)
      #expect(table.contains("grey") && table.contains("| cat | uce |"))
    }
  }
}
