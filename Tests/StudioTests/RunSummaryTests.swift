import Foundation
import Testing
import Torch

@testable import Evaluation
@testable import Studio
@testable import Workbench

@Suite struct RunSummaryTests {
  @Test func linesOfTheTable() async throws {
    try await TinyRuns.served { runs, client, _ in
      func lines() async throws -> [[String: Any]] {
        try #require(await client.get("/api/runs").json()["runs"] as? [[String: Any]])
      }
      let line = try #require(await lines().first)
      #expect(line["name"] as? String == "0/esd-fox" && line["method"] as? String == "esd")
      #expect(line["verdict"] as? String == "Partly forgotten" && line["ua"] as? Double == 0.7)
      #expect(line["state"] as? String == "measured" && line["hasEraser"] as? Bool == false)
      // Two concepts have a line each, and one tells of the other in the pictures, as on the run's page.
      var job = try RunFolder(runs.run).job()
      job.concepts = ["fox", "cat"]
      let measured = try RunFolder(runs.run).results()
      var both = measured
      both.rows = measured.rows.map { row in
        ResultRow(row.method, "fox + cat", row.measured, seeds: 1)
      }
      for concept in ["fox", "cat"] {
        both.rows += [("original", 5), ("esd", 0)].map { method, shown in
          ResultRow(method, concept, .share("ua", 5 - shown, of: 5), seeds: 1) {
            $0.among = "fox + cat"
          }
        }
      }
      let (request, manifest) = (
        try JSON(encoding: RunFolder(runs.run).job()).pretty,
        try JSON(contentsOf: runs.run.appendingPathComponent("erased/manifest.json"))
      )
      try RunFolder(runs.run).write(job, to: "job.json")
      try RunFolder(runs.run).write(both, to: "results.json")
      var drawn = try #require(manifest.members)
      drawn["increments"] = ["esd", "fox", "cat", "0"]
      try runs.write("erased/manifest.json", JSON.object(drawn).pretty)
      let told = try #require(await lines().first?["sentence"] as? String)
      #expect(told.contains("\nfox: ") && told.contains("\ncat: "), "\(told)")
      #expect(told.hasSuffix("In 1 of 1 pictures another erased concept is seen: cat."), "\(told)")
      try runs.write("job.json", request)
      try runs.write("erased/manifest.json", manifest.pretty)
      try RunFolder(runs.run).write(measured, to: "results.json")
      // A line follows its files, and a damaged one is said.
      try runs.write("results.json", #"{"rows": 3}"#)
      let damaged = try #require(await lines().first)
      #expect((damaged["fault"] as? String)?.contains("rows") == true && damaged["ua"] == nil)
      try FileManager.default.removeItem(at: runs.run.appendingPathComponent("results.json"))
      try runs.writeEraser()
      #expect(try await lines().first?["state"] as? String == "erased")
    }
  }
}
