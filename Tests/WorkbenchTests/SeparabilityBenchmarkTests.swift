import Diffusion
import Editing
import Evaluation
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training
import Unlearning

@testable import Workbench

@Suite(.serialized) struct SeparabilityBenchmarkTests {
  /// The scenes erase and give back on a tiny model. The same command gives the same numbers again.
  @Test func separabilityScenes() throws {
    try Fixtures.temporaryFolder { folder in
      let settings = [
        "sepme.tolerance=0.1", "sepme.training.steps=3", "sepme.trajectories=1",
        "sepme.trajectorySteps=3", "ablation.training.steps=3", "ablation.trajectories=1",
        "ablation.trajectorySteps=3", "ablation.guarding.limit=0",
      ]
      var options = Tiny.benchmark(try Tiny.model(folder), settings)
      options.evaluation.seeds = 1
      var bench = SeparabilityBenchmark(options)
      bench.methods = ["sepme", "ablation"]
      let run = try Run(folder.appendingPathComponent("bench"), seed: 0)
      let first = try Tiny.runner()(bench, in: run, on: .cpu)
      // Restored concepts have the original's pictures where all erasers are off.
      let restored = first.rows.filter {
        $0.axes.state == .restored && $0.metric == "largest-difference"
      }
      #expect(!restored.isEmpty && restored.allSatisfy { $0.value == 0 })
      #expect(Set(first.rows.map(\.method)) == ["original", "sepme", "ablation"])
      let page = try String(contentsOf: run.file("report.html"), encoding: .utf8)
      #expect(page.contains("S1 t1") && page.contains("data:image/png"))
      let again = try Tiny.runner()(bench, in: run, on: .cpu)
      #expect(again.rows == first.rows)

      bench.methods = ["esd"]
      #expect(throws: LetheError.self) { try Tiny.runner()(bench, in: run, on: .cpu) }
    }
  }

  @Test func scenesAreThePapers() {
    let scenes = SeparabilityScene.all
    #expect(scenes.map(\.moments.count) == [3, 3, 5, 6])
    // Every scene erases each of the six concepts once, and gives back erased concepts only.
    for scene in scenes {
      var active: Set<Int> = []
      for moment in scene.moments {
        active.formUnion(moment.erase)
        #expect(active.isSuperset(of: moment.restore))
        active.subtract(moment.restore)
      }
      #expect(Set(scene.moments.flatMap(\.erase)) == Set(0..<6))
    }
    #expect(scenes[1].limited(to: 3).moments.count == 1)
  }
}
