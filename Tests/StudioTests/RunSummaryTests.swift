import Foundation
import Testing

@testable import Studio

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
