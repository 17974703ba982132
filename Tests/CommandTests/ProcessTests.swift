// Processes of the program beside each other: workers without a parent, and two that have to say the same.
import Foundation
import TestSupport
import Testing

@Suite struct ProcessTests {
  /// tiny-sd1 with the themes and the judge of version 0.1.
  private func themedModel(_ folder: URL) throws -> URL {
    let model = folder.appendingPathComponent("model")
    let old = Fixtures.url("version-0.1")
    try FileManager.default.copyItem(at: Fixtures.url("tiny-sd1"), to: model)
    try FileManager.default.copyItem(
      at: old.appendingPathComponent("judge"), to: model.appendingPathComponent("judge"))
    let themes = try String(contentsOf: old.appendingPathComponent("themes.json"), encoding: .utf8)
    let own = themes.replacing(/"judge"\s*:\s*"[^"]*"/, with: "\"judge\": \"judge\"")
    try Data(own.utf8).write(to: model.appendingPathComponent("themes.json"))
    return model
  }

  /// Runs a script of the shell with the program as $1, the model as $2 and a folder as $3.
  /// - Returns: all that it and its children wrote, after the last of them has ended
  private func shell(_ script: String, _ model: URL, _ folder: URL) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments = [
      "-c", script, "bash", CommandTests.program.path, model.path, folder.path,
    ]
    let out = Pipe()
    (process.standardOutput, process.standardError) = (out, out)
    try process.run()
    let text = String(decoding: out.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return text
  }

  /// A shell starts a bench as its worker and ends at once. By its steps alone the worker would take minutes.
  @Test func aWorkerEndsWithItsParent() throws {
    try Fixtures.temporaryFolder { folder in
      let text = try shell(
        """
        LETHE_PARENT=$$ "$1" bench "$2" --methods esd --concept fox --set esd.training.steps=50000 \
          --set esd.trajectories=1 --set esd.trajectorySteps=2 --set esd.guarding.limit=0 --steps 1 --seeds 1 \
          --threads 1 -q --out "$3/out" &
        """, themedModel(folder), folder)
      #expect(text.contains("interrupted"), "\(text)")
      let made = FileManager.default.enumerator(atPath: folder.path)
      while let name = made?.nextObject() as? String {
        #expect(!name.hasSuffix("eraser.safetensors"), "\(name)")
      }
    }
  }

  #if os(Linux)
    /// Standard output on a full disk is no success: a table or JSON would be missing without a word.
    @Test func fullStandardOutput() throws {
      try Fixtures.temporaryFolder { folder in
        let text = try shell(
          "\"$1\" list methods > /dev/full; echo $?", themedModel(folder), folder)
        #expect(text.contains("cannot write /dev/stdout: the disk is full"), "\(text)")
        #expect(text.hasSuffix("\n5\n"), "\(text)")
      }
    }
  #endif

  /// Dictionaries have another order in each process, and no number may tell.
  @Test func twoProcessesSayTheSame() throws {
    try Fixtures.temporaryFolder { folder in
      let text = try shell(
        """
        for i in 1 2; do
          "$1" evaluate "$2" --steps 1 --seeds 1 --threads 1 -q --out "$3/out" || exit
          cp "$3/out/results.json" "$3/$i.json"
        done
        """, themedModel(folder), folder)
      let results = try [1, 2].map { i in
        try Data(contentsOf: folder.appendingPathComponent("\(i).json"))
      }
      #expect(results[0] == results[1], "\(text)")
    }
  }
}
