// The answers of the endpoints about runs, and that a stranger's run stays a stranger's.
import Foundation
import TestSupport
import Testing

@testable import Studio

@Suite struct RunViewTests {
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

  @Test func picturesAndTranscripts() async throws {
    try await TinyRuns.served { _, client, _ in
      let run = try await client.get("/api/run?run=0%2Fesd-fox").json()
      #expect((run["sentence"] as? String)?.contains("3 of 10") == true)
      #expect(run["command"] as? String == "lethe erase 'a model' --method esd")
      let picture = try #require((run["pictures"] as? [[String: Any]])?.first)
      #expect(picture["prompt"] as? String == "a <b>fox</b>" && picture["seed"] as? String == "7")
      #expect(picture["outcome"] as? String == "stayed away" && picture["seen"] as? String == "cat")
      #expect(picture["original"] as? String == "original/fox_0.png")
      let file = try await client.get("/files/0/esd-fox/erased/fox_0.png")
      #expect(file.status == 200 && file.head.contains("image/png"))
      #expect(file.body.starts(with: [0x89, 0x50, 0x4E, 0x47]))

      let found = try await client.get("/api/transcripts?run=0/esd-fox").json()
      let attack = try #require((found["attacks"] as? [[String: Any]])?.first)
      let outcome = try #require((attack["outcomes"] as? [[String: Any]])?.first)
      #expect(attack["name"] as? String == "random" && outcome["attempt"] as? String == "fxo")
      #expect(outcome["prompt"] as? String == "a <b>fox</b>" && outcome["queries"] as? Int == 3)
      let failed = try #require(outcome["failed"] as? [[String: String]])
      #expect(failed == [["attempt": "fax", "seed": "8"]])
      #expect(outcome["picture"] as? String == "attack/random/0.png" && outcome["vector"] == nil)
    }
  }

  /// The page is made of the results, whatever page lies in the folder, and may run nothing.
  @Test func thePageOfARunIsMadeAnew() async throws {
    try await TinyRuns.served { runs, client, _ in
      try runs.write("report.html", "<script>steal()</script>")
      let page = try await client.get("/files/0/esd-fox/report.html")
      #expect(page.status == 200 && page.text.contains("Partly forgotten"))
      #expect(!page.text.contains("steal()") && page.text.contains("a &lt;b&gt;fox"))
      let policy = try #require(
        page.head.split(separator: "\r\n").first { $0.hasPrefix("Content-Security-Policy") })
      #expect(policy.contains("default-src 'none'") && policy.contains("sandbox"))
      #expect(!policy.contains("script-src"))
      let results = try await client.get("/files/0/esd-fox/results.json")
      #expect(results.status == 200 && results.text.contains("\"shown\""))
    }
  }
}
