import Foundation
import Testing

@testable import Torch

struct ShellQuotedTests {
  /// A shell takes the line apart into the arguments that it was made of.
  @Test func aShellReadsWhatWasWritten() throws {
    let arguments = [
      "lethe", "erase", "my models/emoji", "--concept", "Van Gogh's \"stars\"", "--set",
      "options={\"a\": [1, 2]}", "", "a\nb", "$HOME `id` \\ ; & | > < * ? ~ # !", "-x=1", "é 🦊",
    ]
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", "printf '%s\\0' \(arguments.shellCommand)"]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let read = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(
      read.split(separator: "\0", omittingEmptySubsequences: false).dropLast()
        == arguments.map { $0[...] }[...])
    #expect(["lethe", "a b"].shellCommand == "lethe 'a b'")
  }

  @Test(arguments: [
    ("fox", "fox", 0), ("fxo", "fox", 1), ("fax", "fox", 1), ("fo", "fox", 1), ("", "ab", 2),
    ("abcd", "badc", 2), ("ca", "abc", 3),
  ])
  func slipsOfTyping(_ a: String, _ b: String, _ count: Int) {
    #expect(slips(a, b) == count && slips(b, a) == count)
  }
}
