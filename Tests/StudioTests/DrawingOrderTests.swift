import Editing
import Testing
import Workbench
import Workflows

@testable import Studio

@Suite struct DrawingOrderTests {
  @Test func ordersAreChecked() async throws {
    try await TinyRuns.served { runs, client, _ in
      for (change, status, words) in [
        (["model": "/etc"], 404, "no model"), (["steps": 0], 400, "1 to 1000"),
        (["seed": "-1"], 400, "whole number"), (["erasers": 3], 400, "a list"),
        (["erasers": [["name": "run:0/none"]]], 404, "no run"),
        (["erasers": [["name": "file:../x"]]], 400, "file"),
        (["erasers": [["name": "run:0/esd-fox", "strength": 1e9]]], 400, "0.0 to 4.0"),
        (["sampler": "none"], 0, "unknown sampler"),
      ] as [([String: Any], Int, String)] {
        let form: [String: Any] = ["model": TinyRuns.model, "prompt": "a fox", "steps": 1]
        guard status > 0 else {
          #expect(try await drawn(client, change).fault.contains(words))
          continue
        }
        let reply = try await client.post("/api/draw", form.merging(change) { $1 })
        #expect(reply.status == status && reply.error.contains(words), "\(change): \(reply.text)")
      }
      // An eraser of another model is refused when it is laid on.
      try runs.writeEraser(of: "another")
      let other = try await drawn(client, ["erasers": [["name": "run:0/esd-fox", "strength": 1]]])
      #expect(other.fault.contains("was made for model another") && other.pictures["erased"] == nil)
    }
  }
}
