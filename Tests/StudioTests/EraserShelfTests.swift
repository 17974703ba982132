import Editing
import Foundation
import Testing
import Workbench
import Workflows

@testable import Studio

@Suite struct EraserShelfTests {
  /// The trained erasers of a set are switches, too, whichever way the set names its model.
  @Test func erasersOfSets() async throws {
    try await TinyRuns.served { runs, client, _ in
      try runs.writeEraser()
      let eraser = try RunFolder(runs.run).eraser()
      var set = try EraserSet.create(
        runs.folder.appendingPathComponent("set"), model: TinyRuns.model + "/../tiny-sd1",
        base: eraser.card.base, protecting: [], seed: 0)
      var entry = EraserSet.Entry("fox", prompts: ["a fox"])
      try set.add(EraserSet.Entry("cat", prompts: ["a cat"]))
      entry.nullity = 1
      try set.add(entry)
      try eraser.write(to: set.file("fox"))
      let listed = try await client.get("/api/erasers?model=\(TinyRuns.model)").json()
      let names = (listed["erasers"] as? [[String: Any]])?.compactMap { $0["name"] as? String }
      #expect(names == ["run:0/esd-fox", "set:0/set/fox"])
      func erased(_ name: String) async throws -> String? {
        try await drawn(client, ["erasers": [["name": name, "strength": 1]]]).pictures["erased"]
      }
      let (ofRun, ofSet) = (try await erased("run:0/esd-fox"), try await erased("set:0/set/fox"))
      #expect(ofRun != nil && ofRun == ofSet)
      let none = try await drawn(client, ["erasers": [["name": "set:0/set/cat"]]])
      #expect(none.fault.contains("no eraser yet"))
    }
  }

  /// An uploaded file has a name only when it is an eraser.
  @Test func uploads() async throws {
    try await TinyRuns.served { runs, client, _ in
      try runs.writeEraser()
      let good = try Data(contentsOf: runs.run.appendingPathComponent("eraser.safetensors"))
      func upload(_ name: String, _ data: Data) async throws -> Reply {
        try await client.call("POST", "/api/erasers?name=\(name)", [:], data)
      }
      for (name, data) in [
        ("a.safetensors", Data("no tensors".utf8)), ("a.safetensors", good.dropLast(4)),
        ("a.png", good), (".a.safetensors", good), ("..%2fa.safetensors", good),
        (String(repeating: "a", count: 300) + ".safetensors", good),
      ] {
        let reply = try await upload(name, data)
        #expect(reply.status == 400 && !reply.error.isEmpty, "\(name): \(reply.text)")
      }
      let place = runs.folder.appendingPathComponent(".studio/erasers")
      #expect(try FileManager.default.contentsOfDirectory(atPath: place.path).isEmpty)
      let taken = try await upload("a.safetensors", good)
      #expect(taken.status == 200, "\(taken.text)")
      #expect(try taken.json()["name"] as? String == "file:a.safetensors")
      #expect(try await upload("a.safetensors", good).status == 409)
      let on = try await drawn(
        client, ["erasers": [["name": "file:a.safetensors", "strength": 1]]])
      #expect(on.pictures["erased"] != nil && on.pictures["erased"] != on.pictures["original"])
    }
  }
}
