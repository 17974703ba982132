// `erase`: trainings that stop, are interrupted, or share a folder.
import Foundation
import TestSupport
import Testing

@Suite struct EraseCommandTests: RunsProgram {
  /// A training that its guard stops ends with a code of its own, and leaves the eraser.
  @Test func aStoppedTrainingHasItsCode() throws {
    try Fixtures.temporaryFolder { folder in
      let run = folder.appendingPathComponent("run")
      func erase() throws -> (code: Int32, out: String, error: String) {
        try lethe(
          "erase", model, "--method", "esd", "--concept", "fox", "--out", run.path, "--set",
          "training.steps=3", "--set", "training.learningRate=0.01", "--set", "trajectories=1",
          "--set", "trajectorySteps=2", "--set", "guarding.limit=1e-9")
      }
      for _ in 0..<2 {
        let stopped = try erase()
        #expect(stopped.code == 7 && stopped.error.contains("stopped at step 3"))
        #expect(stopped.error.contains("beyond guarding.limit 1e-09."), "\(stopped.error)")
      }
      let eraser = run.appendingPathComponent("eraser.safetensors").path
      #expect(FileManager.default.fileExists(atPath: eraser))
      // A run's folder takes no other command's files, and a judge that cannot be opened is not kept for the next one.
      let before = try FileManager.default.contentsOfDirectory(atPath: run.path).sorted()
      for command in [
        ["generate", model, "--prompt", "fox", "--out", run.path],
        ["apply", model, "--with", run.path, "--out", run.path],
      ] {
        let refused = try self.run(command)
        #expect(refused.code == 2 && refused.error.contains("is a run of"), "\(refused.error)")
      }
      #expect(try lethe("evaluate", run.path, "--judge", "clip:\(run.path)").code != 0)
      #expect(try FileManager.default.contentsOfDirectory(atPath: run.path).sorted() == before)
    }
  }

  /// Ctrl-C ends with exit code 130, and kill -9 leaves whole files only. The same command goes on after both.
  @Test func interruptedRunsGoOn() throws {
    try Fixtures.temporaryFolder { folder in
      let out = folder.appendingPathComponent("run")
      let arguments = [
        "erase", model, "--method", "esd", "--concept", "x", "--set", "trajectorySteps=3", "--set",
        "trajectories=1",
        "--set", "training.steps=80", "--set", "training.saveEvery=10", "--set",
        "guarding.limit=0",
        "--threads", "1", "--out", out.path,
      ]
      for stop in [SIGINT, SIGKILL] {
        let process = Process()
        process.executableURL = Self.program
        process.arguments = arguments
        let error = Pipe()
        process.standardError = error
        try process.run()
        let state = out.appendingPathComponent("esd.state.safetensors")
        let before = try? Data(contentsOf: state)
        let deadline = Date().addingTimeInterval(60)
        while (try? Data(contentsOf: state)) == before, process.isRunning, Date() < deadline {
          usleep(20000)
        }
        kill(process.processIdentifier, stop)
        process.waitUntilExit()
        #expect(stop == SIGKILL || process.terminationStatus == 130)
        let told = String(
          decoding: error.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        #expect(stop == SIGKILL || told.contains("next: lethe erase \(model) --method esd"))
        #expect(
          !FileManager.default.fileExists(
            atPath: out.appendingPathComponent("eraser.safetensors").path))
      }
      let resumed = try run(arguments)
      #expect(resumed.code == 0, "\(resumed.error)")
      let whole = try run(arguments.map { $0 == out.path ? out.path + "-whole" : $0 })
      #expect(whole.code == 0)
      let files = try [out.path, out.path + "-whole"].map {
        try Data(contentsOf: URL(fileURLWithPath: $0 + "/eraser.safetensors"))
      }
      #expect(files[0] == files[1], "a stopped run ends with the same eraser")
    }
  }

  /// Another request is refused while the first works and after it was killed; the first one goes on.
  @Test func oneRequestAndOneProcessInAFolder() throws {
    try Fixtures.temporaryFolder { folder in
      let out = folder.appendingPathComponent("run")
      func arguments(_ concept: String, _ out: URL) -> [String] {
        [
          "erase", model, "--method", "esd", "--concept", concept, "--set", "trajectorySteps=3",
          "--set", "trajectories=1", "--set", "training.steps=60", "--set",
          "training.saveEvery=10", "--set", "guarding.limit=0", "--threads", "1", "-q", "--out",
          out.path,
        ]
      }
      let process = Process()
      process.executableURL = Self.program
      process.arguments = arguments("x", out)
      process.standardError = Pipe()
      try process.run()
      let state = out.appendingPathComponent("esd.state.safetensors")
      let deadline = Date().addingTimeInterval(60)
      while !FileManager.default.fileExists(atPath: state.path), Date() < deadline { usleep(5000) }
      // It works as long as the others try.
      kill(process.processIdentifier, SIGSTOP)
      for command in [
        arguments("x", out), arguments("y", out), ["evaluate", out.path, "--judge", "none"],
      ] {
        let second = try run(command)
        #expect(second.code == 5, "\(command): \(second.error)")
        #expect(second.error.contains("another process works in it"))
      }
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
      let other = try run(arguments("y", out))
      #expect(other.code == 2 && other.error.contains("holds another run"), "\(other.error)")
      #expect(try run(arguments("x", out)).code == 0)
      let whole = folder.appendingPathComponent("whole")
      #expect(try run(arguments("x", whole)).code == 0)
      let files = try [out, whole].map {
        try Data(contentsOf: $0.appendingPathComponent("eraser.safetensors"))
      }
      #expect(files[0] == files[1])
    }
  }
}
