// Parts of a benchmark, each in its own process.
import Foundation
import TestSupport
import Testing
import Torch
import Training

@testable import Benchmarks
@testable import Workbench
@testable import Workflows

@Suite struct WorkersTests {
  /// A shell takes the program's place and gets the arguments as `$1 ... $n`. The whole benchmark's threads are none of
  /// them.
  private func shell(_ script: String, _ count: Int, _ parts: [String], _ run: Run) throws {
    try Workers(count, program: URL(fileURLWithPath: "/bin/sh"), threads: 1)(
      parts, ["-c", script, "sh", "bench", "--threads", "7", "--threads=7"], in: run)
  }

  @Test func everyPartRunsOnceWithItsNameAndShare() throws {
    try Fixtures.temporaryFolder { folder in
      let run = try Run(folder)
      // $1 bench, $2 --only, $3 the part, $4 --threads, $5 their number
      try shell("echo \"$3 $5 $#\" >> '\(run.file("done").path)'", 2, ["a", "b/c", "d"], run)
      let lines = try String(contentsOf: run.file("done"), encoding: .utf8)
        .split(separator: "\n").map(String.init)
      #expect(lines.sorted() == ["a 1 5", "b/c 1 5", "d 1 5"])
    }
  }

  @Test func noMoreThanAskedForRunAtATime() throws {
    try Fixtures.temporaryFolder { folder in
      let run = try Run(folder)
      let place = run.file("held").path
      try Run.makeFolder(URL(fileURLWithPath: place))
      // Each part has a file while it works, and writes down how many such files exist.
      try shell(
        "touch '\(place)'/$3; ls '\(place)' | wc -l >> '\(run.file("seen").path)'; sleep 0.3; rm '\(place)'/$3",
        2, ["a", "b", "c", "d"], run)
      let seen = try String(contentsOf: run.file("seen"), encoding: .utf8)
        .split(separator: "\n").compactMap { Int($0.trimmingCharacters(in: .whitespaces)) }
      #expect(seen.count == 4 && seen.allSatisfy { $0 <= 2 } && seen.contains(2))
    }
  }

  /// A worker looks at this number to see that its parent has ended.
  @Test func workersKnowTheirParent() throws {
    try Fixtures.temporaryFolder { folder in
      let run = try Run(folder)
      try shell("echo \"$LETHE_PARENT $PPID\" > '\(run.file("parent").path)'", 1, ["a"], run)
      let own = "\(ProcessInfo.processInfo.processIdentifier)"
      #expect(
        try String(contentsOf: run.file("parent"), encoding: .utf8) == "\(own) \(own)\n")
    }
  }

  @Test func aFailedPartIsNamedWithItsLastWords() throws {
    try Fixtures.temporaryFolder { folder in
      let run = try Run(folder)
      let error = #expect(throws: LetheError.self) {
        try shell(
          "[ $3 != b ] || { echo 'lethe: no such thing' >&2; exit 2; }", 2, ["a", "b"], run)
      }
      #expect(error?.kind == .request)
      let text = "\(try #require(error))"
      #expect(text.contains("the trial b failed: lethe: no such thing"))
    }
  }
}
