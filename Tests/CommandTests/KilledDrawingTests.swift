// An erasure that is killed while it draws its trajectories or its pictures goes on after the last part of them.
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
  ]) func aKilledErasureGoesOnAfterItsLastPart(_ words: [String]) throws {
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
          names.filter { $0.hasPrefix("drawn-") && $0.hasSuffix(".state.safetensors") }.compactMap {
            name in
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
      while killed.isRunning, parts().count < 5 { usleep(10_000) }
      kill(killed.processIdentifier, SIGKILL)
      killed.waitUntilExit()
      let before = parts()
      try #require(killed.terminationStatus != 0 && before.count >= 5)
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
      #expect(before.allSatisfy { last[$0.key] == $0.value })
      for name in ["eraser.safetensors", "verdict.json"] {
        let (a, b) = (folder.path + "/whole/" + name, folder.path + "/killed/" + name)
        #expect(FileManager.default.contentsEqual(atPath: a, andPath: b), "\(name)")
      }
      #expect(parts().isEmpty)
    }
  }
}
