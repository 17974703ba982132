import Evaluation
import Foundation
import TestSupport
import Testing
import Torch

@testable import Workbench
@testable import Workflows

/// The commands of a page are pasted into a shell, and make the run again.
@Suite struct PastedCommandTests: RunsProgram {
  @Test func commandsOfAPage() throws {
    try Fixtures.temporaryFolder { folder in
      let run = folder.appendingPathComponent("it's \"one\" run")
      let made = try self.run(
        [
          "erase", model, "--method", "uce", "--concept", "a $HOME 'fox'", "--anchor", "a dog; ls",
          "--prompt", "a photo of {a}", "--preserve", "none", "--seed", "3", "--out", run.path,
        ], in: folder)
      #expect(made.code == 0, "\(made.error)")
      let judged = try self.run(
        ["evaluate", run.path, "--judge", "none", "--quick", "--steps", "1"], in: folder)
      #expect(judged.code == 0, "\(judged.error)")
      let first = RunFolder(run.path)
      let results = try first.results()
      let eraser = try Data(contentsOf: first.eraserFile)
      let commands = try first.job().making + [results.command.shellCommand]
      #expect(commands.count == 2)

      try FileManager.default.removeItem(at: run)
      let pasted = try shell(
        "lethe() { \"$LETHE\" \"$@\"; }; cd \"$0\" && { \(commands.joined(separator: "\n")); } 2>&1",
        [folder.path])
      #expect(pasted.code == 0, "\(pasted.text)")
      #expect(try Data(contentsOf: first.eraserFile) == eraser)
      #expect(try first.results().rows == results.rows)
    }
  }
}
