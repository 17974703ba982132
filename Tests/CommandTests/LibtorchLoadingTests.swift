// libtorch is loaded by the first command that computes, after its environment is set.
import Foundation
import TestSupport
import Testing

@Suite struct LibtorchLoadingTests {
  static let program = Fixtures.package.appendingPathComponent(".build/debug/lethe")

  func run(
    _ arguments: [String], _ environment: [String: String] = [:], as program: URL = program
  ) throws -> (code: Int32, out: String, error: String) {
    let process = Process()
    process.executableURL = program
    process.arguments = arguments
    process.currentDirectoryURL = Fixtures.package
    process.environment = ProcessInfo.processInfo.environment
      .filter { !["GOMP_SPINCOUNT", "OMP_WAIT_POLICY"].contains($0.key) }
      .merging(environment) { $1 }
    let (out, error) = (Pipe(), Pipe())
    (process.standardOutput, process.standardError) = (out, error)
    try process.run()
    let text = out.fileHandleForReading.readDataToEndOfFile()
    let fault = error.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (
      process.terminationStatus, String(decoding: text, as: UTF8.self),
      String(decoding: fault, as: UTF8.self)
    )
  }

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
      let model = Fixtures.url("tiny-sd1").path
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
      let model = Fixtures.url("tiny-sd1").path
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
        "generate", Fixtures.url("tiny-sd1").path, "--prompt", "x", "--out", "unused", "--dry-run",
      ]
      func rounds(_ environment: [String: String]) throws -> Substring? {
        let settings = ["OMP_DISPLAY_ENV": "VERBOSE"].merging(environment) { $1 }
        let lines = try run(arguments, settings).error.split(separator: "\n")
        return lines.first { $0.contains("GOMP_SPINCOUNT") }?.split(separator: "'").last
      }
      #expect(try rounds([:]) == "2000")
      #expect(try rounds(["GOMP_SPINCOUNT": "77"]) == "77")
      #expect(try rounds(["OMP_WAIT_POLICY": "PASSIVE"]) == "0")
    }
  #endif
}
