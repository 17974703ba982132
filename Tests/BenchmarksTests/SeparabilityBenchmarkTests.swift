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
import WorkbenchSupport

@testable import Benchmarks
@testable import Workbench

@Suite struct SeparabilityBenchmarkTests {
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
      // Every method has the prompts of the other erased concepts to keep, in captions that nothing is judged with.
      let jobs = try FileManager.default.subpathsOfDirectory(atPath: run.folder.path)
        .filter { $0.contains("ablation-") && $0.hasSuffix("/job.json") }
        .map { try RunFolder(run.file($0).deletingLastPathComponent().path).job() }
      let judged = Set(
        try SampleSet(
          run.file("object/pictures").appendingPathComponent(
            #require(
              try FileManager.default.contentsOfDirectory(atPath: run.file("object/pictures").path)
                .first { $0.hasPrefix("original-") }))
        ).manifest.samples.filter { $0.caseNumber.hasPrefix("0-") }.map(\.prompt))
      #expect(!jobs.isEmpty && !judged.isEmpty)
      for job in jobs {
        #expect(judged.isDisjoint(with: job.preserve))
        let words = try job.forgotten(in: job.folder.listedThemes()).flatMap(\.prompts)
        #expect(judged.isDisjoint(with: words))
      }
      let page = try String(contentsOf: run.file("report.html"), encoding: .utf8)
      #expect(page.contains("S1 t1") && page.contains("data:image/png"))
      let again = try Tiny.runner()(bench, in: run, on: .cpu)
      #expect(again.rows == first.rows)

      bench.methods = ["esd"]
      #expect(throws: LetheError.self) { try Tiny.runner()(bench, in: run, on: .cpu) }
    }
  }

  /// SepME trains on no caption that pictures are judged with, and keeps none.
  @Test func judgedCaptionsAreHeldOut() throws {
    var themes = Themes(objects: ["fox", "owl", "cat"], styles: ["noto", "symbola"], judge: "")
    themes.captions.both = ["a {style} emoji of {object}", "{object} in {style} style"]
    let cast = try SeparabilityCast(.object, themes, seed: 0)
    let samples = cast.samples([0, 1, 2], seeds: 1)
    let judged = Set(samples.filter { $0.caseNumber.hasPrefix("0-") }.map(\.prompt))
    let trained = Set(samples.filter { $0.caseNumber.hasPrefix("1-") }.map(\.prompt))
    #expect(judged.count == 6 && trained.count == 6)
    let words = Set(cast.entries.flatMap { $0.prompts + $0.paraphrases } + cast.trained.allPrompts)
    #expect(judged.isDisjoint(with: words) && trained.isSubset(of: words))
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
