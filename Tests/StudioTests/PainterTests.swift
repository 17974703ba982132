import Editing
import Foundation
import Testing
import Workbench
import Workflows

@testable import Studio

@Suite struct PainterTests {
  /// An eraser that is off, or on at strength 0, changes nothing; one that is on does, and by its strength.
  @Test func erasersAreSwitches() async throws {
    try await TinyRuns.served { runs, client, _ in
      try runs.writeEraser()
      let listed = try await client.get("/api/erasers?model=\(TinyRuns.model)").json()
      let name = try #require((listed["erasers"] as? [[String: Any]])?.first?["name"] as? String)
      #expect(name == "run:0/esd-fox")
      let off = try await drawn(client, [:])
      let png = try #require(Data(base64Encoded: off.pictures["original"] ?? ""))
      #expect(
        png.starts(with: [0x89, 0x50, 0x4E, 0x47])
          && off.pictures["erased"] == off.pictures["original"])
      #expect(off.steps == 3)
      var seen: Set<String> = []
      for strength in [0, 0.5, 1] {
        let on = try await drawn(client, ["erasers": [["name": name, "strength": strength]]])
        // The original is kept, and only the erased picture takes steps.
        #expect(on.pictures["original"] == off.pictures["original"] && on.steps == 3)
        #expect(
          (on.pictures["erased"] == off.pictures["original"]) == (strength == 0), "\(strength)")
        seen.insert(on.pictures["erased"] ?? "")
      }
      #expect(seen.count == 3)
    }
  }
}
