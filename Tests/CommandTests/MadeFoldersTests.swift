// The folder of a command that fails.
import Foundation
import TestSupport
import Testing
import Torch

@testable import LetheCommands

@Suite struct MadeFoldersTests {
  /// The folder of a refused request goes with its record. An interruption keeps it, as does anything that was
  /// computed, and the record of an earlier command.
  @Test func aRefusedRequestLeavesNothing() throws {
    try Fixtures.temporaryFolder { folder in
      let outer = folder.appendingPathComponent("runs")
      let run = outer.appendingPathComponent("fox")
      func write(_ names: String...) throws {
        for name in names {
          let file = run.appendingPathComponent(name)
          try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
          try Data("{}".utf8).write(to: file)
        }
      }
      func left(isRefused: Bool, _ names: String...) throws -> [String]? {
        var made = MadeFolders()
        made.expect(run)
        for name in names { try write(name) }
        made.removeEmpty(isRefused: isRefused)
        return try? FileManager.default.subpathsOfDirectory(atPath: outer.path).sorted()
      }
      #expect(try left(isRefused: true, "identity.json", "uce/job.json") == nil)
      #expect(try left(isRefused: false) == nil)
      let kept = try left(isRefused: false, "identity.json")
      #expect(kept == ["fox", "fox/identity.json"])
      // The record is an earlier command's now, and those of a refused one go.
      #expect(try left(isRefused: true, "job.json", "relearn/options.json") == kept)
      #expect(
        try left(isRefused: true, "attack/random.json", "attack/original/manifest.json") == kept)
      #expect(try left(isRefused: true, "attack/random.jsonl", "attack/random.json")?.count == 5)
      #expect(try left(isRefused: true, "attack/p4d.json")?.count == 5)
      #expect(try left(isRefused: true, "attack/results.json")?.count == 6)
      try FileManager.default.removeItem(at: outer)
      #expect(
        try left(isRefused: true, "identity.json", "esd.state.safetensors")?.count == 3)
      try FileManager.default.removeItem(at: outer)
      // An empty folder of the user's stays, and is empty again.
      try FileManager.default.createDirectory(at: run, withIntermediateDirectories: true)
      #expect(try left(isRefused: true, "identity.json", "judges.json") == ["fox"])
    }
    #expect(MadeFolders.isRefusal(LetheError.unsupported("x")))
    #expect(!MadeFolders.isRefusal(LetheError.interrupted))
  }
}
