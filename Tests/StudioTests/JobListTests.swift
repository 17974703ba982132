// Jobs: processes of the program that are watched, stopped, go on, and outlive their studio.
import Foundation
import TestSupport
import Testing
import Torch
import Workbench
import Workflows

@testable import Studio

@Suite struct JobListTests {
  /// An erasure that takes minutes unless it is stopped.
  private static var long: [String: Any] {
    [
      "command": "erase", "model": TinyRuns.model, "method": "esd", "concepts": ["fox"],
      "out": "long", "seed": "3",
      "settings": [
        "training.steps=100000", "training.logEvery=1", "trajectories=1", "trajectorySteps=2",
        "guarding.limit=0",
      ],
    ]
  }

  private func state(_ client: Client, _ job: String) async throws -> [String: Any] {
    let jobs = try await client.get("/api/jobs").json()["jobs"] as? [[String: Any]]
    return try #require(jobs?.first { $0["name"] as? String == job })
  }

  private func waits(_ client: Client, _ job: String, for word: String) async throws -> [String:
    Any]
  {
    for _ in 0..<400 {
      let now = try await state(client, job)
      if now["state"] as? String == word { return now }
      try await Task.sleep(for: .milliseconds(25))
    }
    Issue.record("job \(job) is not \(word): \(try await state(client, job))")
    return [:]
  }

  /// A job tells its events as they come, outlives its studio, is found by the next, stops when told to and goes on.
  @Test func aJobOutlivesItsStudio() async throws {
    try await TinyRuns.served { runs, client, studio in
      let started = try await client.post("/api/jobs", Self.long)
      #expect(started.status == 200, "\(started.text)")
      let job = try #require(try started.json()["name"] as? String)
      #expect(try await client.post("/api/jobs", Self.long).status == 409)
      let events = try await client.events("GET", "/api/jobs/watch?job=\(job)") {
        $0.contains("\"loss\"")
      }
      #expect(events.first?.name == "state" && events.first?.value["state"] as? String == "running")
      #expect(events.contains { $0.name == "event" && $0.value["loss"] is Double }, "\(events)")
      #expect(try await client.post("/api/jobs/forget", ["job": job]).status == 409)
      await studio.close()

      let (next, second) = try await runs.open()
      #expect(try await state(second, job)["state"] as? String == "running")
      #expect(try await second.post("/api/jobs/stop", ["job": job]).status == 200)
      let stopped = try await waits(second, job, for: "stopped")
      #expect((stopped["words"] as? String)?.contains("interrupted") == true, "\(stopped)")
      #expect(try await second.post("/api/jobs/stop", ["job": job]).status == 409)
      #expect(try await second.post("/api/jobs/forget", ["job": job]).status == 200)
      #expect(try await second.post("/api/jobs/again", ["job": job]).status == 404)
      await next.close()
    }
  }

  /// A job that fails says why, and one that is killed is stopped.
  @Test func endsOfJobs() async throws {
    try await TinyRuns.served { runs, client, _ in
      try runs.writeEraser()
      let long = try #require(await client.post("/api/jobs", Self.long).json()["name"] as? String)
      // The tiny model names no judge.
      let failing = try await client.post(
        "/api/jobs", ["command": "evaluate", "run": "0/esd-fox", "quick": true])
      let name = try #require(failing.json()["name"] as? String, "\(failing.text)")
      _ = try await client.post("/api/jobs/stop", ["job": long, "kills": true])
      _ = try await waits(client, long, for: "stopped")
      let failed = try await waits(client, name, for: "failed")
      #expect(failed["code"] as? Int == 2, "\(failed)")
      #expect((failed["words"] as? String)?.hasPrefix("lethe: ") == true, "\(failed)")
    }
  }

  @Test func formsAreChecked() async throws {
    try await TinyRuns.served { _, client, _ in
      for (change, status, words) in [
        (["command": "rm"], 400, "erase, run"), (["method": "ESD"], 400, "did you mean 'esd'"),
        (["settings": ["training.step=1"]], 400, "did you mean 'training.steps'"),
        (["model": "/tmp"], 404, "no model"),
        (["concepts": [String]()], 400, "concepts"), (["out": "a/../../x"], 400, "'..'"),
        (["out": "/x"], 400, "no name"), (["out": ".studio/x"], 400, "dot"),
        (["seed": "x"], 400, "whole number"),
        (["command": "run", "run": "0/none"], 404, "no run"),
        (
          ["command": "attack", "run": "0/esd-fox", "attacks": ["rndom"]], 400,
          "did you mean 'random'"
        ),
      ] as [([String: Any], Int, String)] {
        let reply = try await client.post("/api/jobs", Self.long.merging(change) { $1 })
        #expect(reply.status == status && reply.error.contains(words), "\(change): \(reply.text)")
      }
      #expect(try await client.get("/api/jobs").json()["jobs"] as? [String] == [])
    }
  }

  /// A word that begins with a dash stays the value of its option.
  @Test func noWordBecomesAnOption() async throws {
    try await TinyRuns.served { runs, _, _ in
      let places = Places(folders: [runs.folder], models: [])
      var form = Self.long
      form["concepts"] = ["--help"]
      let data = try JSONSerialization.data(withJSONObject: form)
      let job = try JobForm(
        .init(JSONDecoder().decode(JSON.self, from: data), "form", .request), places,
        [ModelFolder(TinyRuns.model)], .builtIn)
      #expect(job.arguments.contains("--concept=--help") && !job.arguments.contains("--help"))
    }
  }

  /// A job whose file a stranger wrote is not started: it would write elsewhere.
  @Test func jobsOfStrangers() async throws {
    try await TinyRuns.served { runs, client, _ in
      let files = JobFiles(folder: runs.folder.appendingPathComponent(".studio/jobs"))
      try FileManager.default.createDirectory(at: files.folder, withIntermediateDirectories: true)
      let outside = runs.folder.deletingLastPathComponent().path + "/elsewhere"
      for (folder, arguments) in [
        (outside, ["erase", "m", "--out=\(outside)"]),
        (runs.run.path, ["erase", "m", "--out=\(outside)"]),
        (runs.run.path, ["pull", "m"]), (runs.run.path, ["evaluate", outside, runs.run.path]),
      ] {
        try files.write(
          JobRecord(
            name: "0001", command: "erase", arguments: arguments, folder: folder, started: ""))
        let reply = try await client.post("/api/jobs/again", ["job": "0001"])
        #expect(
          reply.status == 403 && reply.error.contains("outside"), "\(arguments): \(reply.text)")
      }
    }
  }

  /// A number alone names no process: its beginning does, too.
  @Test func identitiesOfProcesses() throws {
    let own = try #require(ProcessIdentity(ProcessInfo.processInfo.processIdentifier))
    #expect(own.isAlive && ProcessIdentity(0) == nil && ProcessIdentity(Int32.max) == nil)
    let text = try String(decoding: JSONEncoder().encode(own), as: UTF8.self)
    let other = try JSONDecoder().decode(
      ProcessIdentity.self, from: Data(text.replacing(own.began, with: "earlier").utf8))
    #expect(!other.isAlive && !other.signal(0))
  }

  @Test func tails() throws {
    try Fixtures.temporaryFolder { folder in
      let file = folder.appendingPathComponent("log")
      var tail = FileTail(file)
      #expect(tail.next().isEmpty)
      try Data("one\n".utf8).write(to: file)
      #expect(tail.next() == Data("one\n".utf8) && tail.next().isEmpty && !tail.beganAnew())
      try Data("x".utf8).write(to: file)
      #expect(tail.beganAnew() && tail.next() == Data("x".utf8))
      var end = FileTail(file, last: 0)
      #expect(end.next().isEmpty)
    }
  }
}
