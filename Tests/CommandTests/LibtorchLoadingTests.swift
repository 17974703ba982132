// libtorch is loaded by the first command that computes, after its environment is set.
import Foundation
import TestSupport
import Testing

@Suite struct LibtorchLoadingTests: RunsProgram {
  /// A copy of the program in a folder without the library that links libtorch.
  @Test func helpNeedsNoLibtorch() throws {
    try Fixtures.temporaryFolder { folder in
      let alone = folder.appendingPathComponent("lethe")
      try FileManager.default.copyItem(at: Self.program, to: alone)
      for arguments in [
        ["--version"], ["--help"], ["erase", "--help"], ["eraser", "add", "--help"],
        ["--generate-completion-script", "bash"], ["erase"],
      ] {
        let (expected, answer) = (try run(arguments), try run(arguments, as: alone))
        #expect(answer == expected, "\(arguments): \(answer.error)")
        #expect(answer.code == (arguments == ["erase"] ? 2 : 0))
      }
      let out = folder.appendingPathComponent("out").path
      let draw = try run(["generate", model, "--prompt", "x", "--out", out], as: alone)
      #expect(draw.code == 1)
      #expect(draw.error.hasPrefix("lethe: libtorch cannot be opened: "), "\(draw.error)")
      #expect(draw.error.contains("make setup build"), "\(draw.error)")
      #expect(draw.error.split(separator: "\n").count == 1, "\(draw.error)")
    }
  }

  @Test func aLinkToTheProgramFindsTheLibrary() throws {
    try Fixtures.temporaryFolder { folder in
      let link = folder.appendingPathComponent("forget")
      try FileManager.default.createSymbolicLink(at: link, withDestinationURL: Self.program)
      let drawn = try run(
        ["generate", model, "--prompt", "x", "--steps", "2", "--out", folder.path + "/out"],
        as: link)
      #expect(drawn.code == 0, "\(drawn.error)")
    }
  }

  #if os(Linux)
    /// libgomp prints the settings that it read while it was loaded.
    @Test func waitingThreadsSpinBriefly() throws {
      let arguments = [
        "generate", model, "--prompt", "x", "--out", "unused", "--dry-run",
      ]
      func rounds(_ changes: [String: String?]) throws -> Substring? {
        let usual: [String: String?] = [
          "OMP_DISPLAY_ENV": "VERBOSE", "GOMP_SPINCOUNT": nil, "OMP_WAIT_POLICY": nil,
        ]
        let lines = try run(arguments, usual.merging(changes) { $1 }).error
          .split(separator: "\n")
        return lines.first { $0.contains("GOMP_SPINCOUNT") }?.split(separator: "'").last
      }
      #expect(try rounds([:]) == "2000")
      #expect(try rounds(["GOMP_SPINCOUNT": "77"]) == "77")
      #expect(try rounds(["OMP_WAIT_POLICY": "PASSIVE"]) == "0")
    }
  #endif
}
