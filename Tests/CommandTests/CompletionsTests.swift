import Foundation
import TestSupport
import Testing
import WorkbenchSupport

@testable import LetheCommands
@testable import Workbench
@testable import Workflows

@Suite struct CompletionsTests {
  @Test func listsGoOnAfterTheirCommas() {
    let names = ["random", "seeds", "ringabell"]
    #expect(Completions.list(names, "ri") == names)
    #expect(Completions.list(names, "random,ri") == ["random,seeds", "random,ringabell"])
    #expect(Completions.list(names, "random,seeds,") == ["random,seeds,ringabell"])
    #expect(Completions.methods.contains("esd-x") && Completions.methods.contains("uce"))
  }

  /// The first model, run or set on the line knows the concepts.
  @Test func conceptsAreThoseOfTheLine() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      let run = folder.appendingPathComponent("run")
      let job = Tiny.job(model, "uce", "fox")
      try FileManager.default.createDirectory(at: run, withIntermediateDirectories: true)
      try RunFolder(run).write(job, to: "job.json")
      let all = ["fox", "cat", "owl", "noto", "symbola"]
      #expect(Completions.concepts(["lethe", "erase", model.path, "--concept", "fo"]) == all)
      #expect(Completions.concepts(["lethe", "evaluate", run.path, "--concept"]) == all)
      #expect(Completions.concepts(["lethe", "evaluate", "/nowhere", "--concept"]) == [])
      #expect(Completions.setConcepts(["lethe", "eraser", "restore", run.path]) == [])
    }
  }

  /// The judges of this repository stand whole before the beginnings of others.
  @Test func judgesAreThere() {
    #expect(Completions.judges.contains("clip:") && Completions.judges.contains("none"))
  }
}
