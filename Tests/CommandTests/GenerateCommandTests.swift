// `generate`.
import Foundation
import TestSupport
import Testing

@Suite struct GenerateCommandTests: RunsProgram {
  /// Another type draws another picture, which is no part of the first request.
  @Test func picturesInHalfPrecision() throws {
    try Fixtures.temporaryFolder { folder in
      func draw(_ name: String, _ more: String...) throws -> (code: Int32, error: String) {
        let out = folder.appendingPathComponent(name).path
        let done = try run(
          ["generate", model, "--prompt", "a fox", "--steps", "2", "-q", "--out", out] + more)
        return (done.code, done.error)
      }
      func picture(_ name: String) throws -> Data {
        try Data(contentsOf: folder.appendingPathComponent("\(name)/0_0.png"))
      }
      #expect(try draw("plain").code == 0)
      #expect(try draw("half", "--dtype", "bfloat16").code == 0)
      #expect(try picture("plain") != picture("half"))
      #expect(try draw("plain", "--dtype", "float32").code == 0)
      let other = try draw("plain", "--dtype", "bfloat16")
      #expect(other.code == 2 && other.error.contains("--overwrite"), "\(other.error)")
      #expect(try draw("x", "--dtype", "int8").code == 2)
    }
  }
}
