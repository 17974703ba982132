import Evaluation
import Foundation
import TestSupport
import Testing
import Torch
import Training
import WorkbenchSupport

@testable import Workbench
@testable import Workflows

@Suite struct JudgedGroupsTests {
  /// Two objects of one eraser: rows on all of their pictures, and on those of each. An object beside a style has them
  /// by kind.
  @Test func conceptsOfOneKind() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      var job = Tiny.job(model, "uce", "fox")
      job.concepts = ["fox", "cat"]
      let erase = try Erase(job, settings: [])
      let run = try Run(folder.appendingPathComponent("run"))
      let eraser = try erase(in: run, on: .cpu).eraser
      let results = try Evaluate(erase.job, Tiny.evaluation)(in: run, eraser: eraser, on: .cpu)
      for (method, metric) in [
        ("original", "ua"), ("uce", "ua"), ("uce", "shown"), ("uce", "shown-original"),
      ] {
        let rows = results.rows.filter { $0.method == method && $0.metric == metric }
        #expect(rows.map(\.subject) == ["fox + cat", "fox", "cat"], "\(metric)")
        #expect(rows.map(\.axes.among) == [nil, "fox + cat", "fox + cat"])
        #expect(rows[0].n == rows[1].n + rows[2].n && rows[1].n > 0 && rows[2].n > 0)
        let hits = rows.map { ($0.value * Double($0.n)).rounded() }
        #expect(hits[0] == hits[1] + hits[2])
      }
      // Other subjects are those of both.
      #expect(results.rows.filter { $0.metric == "ira" && $0.method == "uce" }.count == 1)
      // The page of the run takes the rows, and a folder of before without them too.
      try WriteReport(run.runFolder)()
      var old = results
      old.rows = old.rows.filter { $0.axes.among == nil }
      try run.runFolder.write(old, to: "results.json")
      try WriteReport(run.runFolder)()
      let verdicts = try InputFile.text(run.file("samples.jsonl"))
      #expect(verdicts.contains("\"shows something else\"") || verdicts.contains("\"shows it\""))
      let lines = verdicts.split(separator: "\n").filter { $0.contains("\"model\":\"original\"") }
      #expect(!lines.isEmpty && lines.allSatisfy { $0.contains("\"outcome\":\"shows ") })
    }
  }
}
