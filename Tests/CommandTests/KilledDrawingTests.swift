// An erasure that is killed while it draws its trajectories or its pictures, or computes targets or sums before its training,
// goes on after the last part of them.
import Foundation
import TestSupport
import Testing

@Suite(.serialized) struct KilledDrawingTests: RunsProgram {
  @Test(arguments: [
    [
      "esd", "--set", "trajectories=160", "--set", "trajectorySteps=40", "--set",
      "preserveTrajectories=8",
    ],
    [
      "erasediff", "--preserve", "a cat", "--set", "data.forget=32", "--set", "data.retain=32",
      "--set", "data.steps=24", "--set", "training.batch=2", "--set", "pool=16", "--set",
      "guarding.limit=0",
    ],
    [
      "meta", "--preserve", "a cat", "--related", "cat", "--unrelated", "church", "--set",
      "pictures=16", "--set", "pictureSteps=24", "--set", "training.batch=2", "--set",
      "attack.steps=1", "--set", "base=uce", "--set", "guarding.limit=0",
    ],
    [
      "erasediff", "--preserve", "a cat", "--set", "data.forget=4", "--set", "data.retain=4",
      "--set", "data.steps=2", "--set", "training.batch=2", "--set", "pool=2400", "--set",
      "guarding.limit=0",
    ],
    [
      "amnesia", "--preserve", "a cat", "--set", "data.forget=4", "--set", "data.retain=4", "--set",
      "data.steps=16", "--set", "training.batch=2", "--set", "fisherPictures=64", "--set",
      "fisherTimes=64", "--set", "guarding.limit=0",
    ],
  ]) func aKilledErasureGoesOnAfterItsLastPart(_ words: [String]) throws {
    // The kill comes once there are as many files of a kind. A sum has one, which is replaced.
    let (kind, count) =
      words[0] == "amnesia"
      ? ("kept-", 1) : words.contains("pool=2400") ? ("kept-", 5) : ("drawn-", 5)
    try Fixtures.temporaryFolder { folder in
      func start(_ out: String) throws -> Process {
        let process = Process()
        process.executableURL = Self.program
        process.arguments =
          [
            "erase", model, "--concept", "fox", "--kind", "object", "--seed", "3", "--threads", "1",
            "--quiet", "--set", "training.steps=2", "--out", folder.path + "/" + out, "--method",
          ] + words
        process.currentDirectoryURL = Fixtures.package
        try process.run()
        return process
      }
      func parts() -> [String: Date] {
        let place = folder.appendingPathComponent("killed")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: place.path)) ?? []
        return Dictionary(
          names.filter {
            ($0.hasPrefix("drawn-") || $0.hasPrefix("kept-")) && $0.hasSuffix(".state.safetensors")
          }.compactMap { name in
            let file = place.appendingPathComponent(name)
            let date = try? file.resourceValues(forKeys: [.contentModificationDateKey])
              .contentModificationDate
            return date.map { (name, $0) }
          }, uniquingKeysWith: { $1 })
      }
      let whole = try start("whole")
      whole.waitUntilExit()
      #expect(whole.terminationStatus == 0)

      let killed = try start("killed")
      func reached() -> Int { parts().keys.count { $0.hasPrefix(kind) } }
      while killed.isRunning, reached() < count { usleep(10_000) }
      kill(killed.processIdentifier, SIGKILL)
      killed.waitUntilExit()
      let before = parts()
      try #require(killed.terminationStatus != 0 && reached() >= count)
      #expect(!FileManager.default.fileExists(atPath: folder.path + "/killed/eraser.safetensors"))

      // The parts are read and not written again.
      let again = try start("killed")
      var last = before
      while again.isRunning {
        let now = parts()
        if now.count >= last.count { last = now }
        usleep(10_000)
      }
      #expect(again.terminationStatus == 0)
      #expect(
        before.allSatisfy {
          last[$0.key] == $0.value || words[0] == "amnesia" && $0.key.hasPrefix("kept-")
        })
      for name in ["eraser.safetensors", "verdict.json"] {
        let (a, b) = (folder.path + "/whole/" + name, folder.path + "/killed/" + name)
        #expect(FileManager.default.contentsEqual(atPath: a, andPath: b), "\(name)")
      }
      // The cost is that of both processes.
      let costs = try ["whole", "killed"].map { name in
        try String(contentsOfFile: folder.path + "/\(name)/events.jsonl", encoding: .utf8)
          .split(separator: "\n").filter { $0.contains("\"cost\"") }
      }
      #expect(costs[0].count == 1 && costs[0] == costs[1], "\(costs)")
      #expect(parts().isEmpty)
    }
  }
}
