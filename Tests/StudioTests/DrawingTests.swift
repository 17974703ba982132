// Pictures with erasers on and off, and erasers that a browser brings.
import Editing
import Foundation
import TestSupport
import Testing
import Workbench
import Workflows

@testable import Studio

@Suite struct DrawingTests {
  /// The pictures of an order, by part, and the number of steps that were told.
  private func drawn(_ client: Client, _ change: [String: Any]) async throws -> (
    pictures: [String: String], steps: Int, fault: String
  ) {
    let form: [String: Any] = [
      "model": TinyRuns.model, "prompt": "a fox", "seed": "18446744073709551615", "steps": 3,
      "sampler": "ddim",
    ]
    let events = try await client.events(
      "POST", "/api/draw", form.merging(change) { $1 }, until: { _ in false })
    var pictures: [String: String] = [:]
    for event in events where event.name == "picture" {
      pictures[event.value["part"] as? String ?? ""] = event.value["png"] as? String
    }
    let steps = events.filter { $0.name == "part" && ($0.value["step"] as? Int ?? 0) > 0 }
    #expect(steps.allSatisfy { $0.value["of"] as? Int == 3 })
    let fault = events.first { $0.name == "fault" }?.value["error"] as? String
    return (pictures, steps.count, fault ?? "")
  }

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
