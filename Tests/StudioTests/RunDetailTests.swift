// The answers of the endpoints about runs, and that a stranger's run stays a stranger's.
import Foundation
import TestSupport
import Testing

@testable import Studio

@Suite struct RunDetailTests {
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
