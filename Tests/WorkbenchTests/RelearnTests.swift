// `relearn` on a tiny model, and its curve.
import Attacks
import Diffusion
import Editing
import Evaluation
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training

@testable import Workbench

@Suite(.serialized) struct RelearnTests {
  static func tuning(_ mode: Relearning.Mode) -> Relearning {
    var tuning = Relearning()
    (tuning.mode, tuning.checkpoints, tuning.training.steps) = (mode, [2, 4, 8], 4)
    (tuning.pictures, tuning.pictureSteps, tuning.training.batch) = (3, 2, 2)
    tuning.training.learningRate = 1e-3
    return tuning
  }

  @Test(arguments: Relearning.Mode.allCases) func curve(_ mode: Relearning.Mode) throws {
    try Fixtures.temporaryFolder { folder in
      let model = try WorkflowTests.model(folder)
      let run = try Run(folder.appendingPathComponent("run"))
      let erase = try Erase(
        WorkflowTests.job(model, "uce", "fox"), settings: [], exports: false)
      let eraser = try erase(in: run, on: .cpu)
      var relearn = try Relearn(erase.job, Self.tuning(mode), WorkflowTests.options, prompts: 2)
      relearn.seeds = 2
      let curve = try relearn(in: run, eraser: eraser, on: .cpu)
      // Two sets, two seeds; the checkpoint beyond the last step is left out.
      #expect(curve.points.count == 2 * 2 * 3)
      #expect(Set(curve.points.map(\.step)) == [0, 2, 4])
      // Before the first step both fine-tunings are the same model.
      for value in [\Relearn.Point.concept, \.related, \.unrelated] {
        #expect(curve.mean("concept", 0, value).value == curve.mean("benign", 0, value).value)
      }
      // Training on the concept lowers its loss on pictures it did not see.
      #expect(
        curve.mean("concept", 4, \.concept).value < curve.mean("concept", 0, \.concept).value)
      let page = try String(contentsOf: run.file("relearn/report.html"), encoding: .utf8)
      #expect(page.contains("class=\"band\"") && page.contains("loss on related subjects"))
      // Done points are kept; other options are another curve.
      #expect(try relearn(in: run, eraser: eraser, on: .cpu).points == curve.points)
      var other = Self.tuning(mode)
      other.training.learningRate = 1e-2
      let second = try Relearn(erase.job, other, WorkflowTests.options, prompts: 2)
      #expect(throws: LetheError.self) {
        try second(in: run, eraser: eraser, on: .cpu)
      }
    }
  }

  /// A LoRA learns next to nothing at the rate of the whole network; what is set for it comes after.
  @Test func aModeHasItsRate() throws {
    func rate(_ settings: [String]) throws -> Double? {
      let attack = try AttackRun.configured(
        "relearn", settings.map { "relearn.\($0)" }, of: "no folder")
      return (attack as? Relearning)?.training.learningRate
    }
    #expect(try rate(Relearning.Mode.full.settings) == 1e-5)
    #expect(try rate(Relearning.Mode.lora.settings) == 1e-4)
    #expect(try rate(Relearning.Mode.lora.settings + ["training.learningRate=3e-4"]) == 3e-4)
  }

  @Test func areaUnderTheCurve() {
    func point(_ step: Int, _ success: Double) -> Relearn.Point {
      .init(
        set: "concept", seed: 0, step: step, success: success, n: 4, concept: 0, related: 0,
        unrelated: 0)
    }
    let curve = RelearningCurve(
      points: [point(0, 0), point(50, 0.5), point(100, 1), point(300, 1)], title: "", method: "",
      mode: "full", quick: false, command: "")
    // 50 * 0.25 + 50 * 0.75 + 200 * 1 over 300
    #expect(abs(curve.area("concept") - 250.0 / 300) < 1e-12)
    #expect(curve.area("benign").isNaN)
    #expect(curve.mean("concept", 50, \.success).error == 0)
  }
}

@Suite(.serialized) struct BenchRelearningTests {
  /// Plain and meta beside each other; the control has no meta part.
  @Test func plainAndMeta() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try WorkflowTests.model(folder)
      let run = try Run(folder.appendingPathComponent("bench"))
      var bench = BenchRelearning(model: model.path)
      (bench.concepts, bench.prompts, bench.seeds) = (["fox"], 2, 1)
      (bench.methods, bench.options) = (["esd-u", "esd-u-3", "uce"], WorkflowTests.options)
      let esd = [
        "training.steps=2", "trajectories=2", "trajectorySteps=3", "preserveTrajectories=2",
        "guarding.limit=0",
      ]
      bench.settings =
        esd.map { "esd-u.\($0)" } + esd.map { "esd-u-3.\($0)" }
        + [
          "meta.training.steps=1", "meta.training.batch=2", "meta.pictures=2",
          "meta.pictureSteps=2",
          "meta.guarding.limit=0", "relearn.training.steps=2", "relearn.checkpoints=[1,2]",
          "relearn.pictures=2", "relearn.pictureSteps=2",
        ]
      let table = try bench(in: run, on: .cpu)
      #expect(table.methods == ["esd-u", "esd-u meta", "esd-u-3", "uce", "uce meta"])
      for method in table.methods {
        #expect(table.success(method, "concept", 0) == table.success(method, "benign", 0))
        #expect(table.loss(method, \.related, after: 2).isFinite)
      }
      #expect(table.pairs.map(\.base) == ["esd-u", "uce"])
      let job: EraseJob = try JSON(contentsOf: run.file("fox/esd-u-meta/job.json")).decoded()
      #expect(job.options["base"]?.string == "esd")
      #expect(job.options["options"]?["parameters"]?.string == "noxattn")
      let strong: EraseJob = try JSON(contentsOf: run.file("fox/esd-u-3/job.json")).decoded()
      #expect(strong.options["eta"]?.number == 3)
      #expect(try bench(in: run, on: .cpu).markdown == table.markdown)
      let page = try String(contentsOf: run.file("report.html"), encoding: .utf8)
      #expect(page.contains("Relearning what was erased") && page.contains("<polyline"))
    }
  }

  /// Successes are pooled over concepts, held against the base's; a control stands beside what it is stronger than.
  @Test func ratios() throws {
    var table = RelearningTable(
      concepts: ["fox", "key"], controls: ["esd-u-3": "esd-u-1"], quick: false, command: "")
    func add(_ concept: String, _ method: String, _ successes: [Double], ira: Int) {
      let points = zip([0, 50, 100], successes).map { step, success in
        Relearn.Point(
          set: "concept", seed: 0, step: step, success: success, n: 10, concept: 0, related: 0.5,
          unrelated: 0)
      }
      table.add(
        concept, method,
        measured: [ResultRow(method, concept, .share("ira", ira, of: 50), seeds: 1)],
        curve: RelearningCurve(
          points: points, title: concept, method: method, mode: "full", quick: false, command: ""))
    }
    for (concept, plain, meta) in [("fox", 0.2, 0.1), ("key", 0.6, 0.3)] {
      add(concept, "esd-u-1", [0, 0, plain], ira: 50)
      add(concept, "esd-u-1 meta", [0, 0, meta], ira: 49)
      add(concept, "esd-u-3", [0, 0, plain], ira: 40)
    }
    let pairs = table.pairs
    #expect(pairs.map(\.method) == ["esd-u-1 meta", "esd-u-3"])
    #expect(pairs.map(\.base) == ["esd-u-1", "esd-u-1"])
    #expect(table.success("esd-u-1", "concept", 100)?.n == 20)
    #expect(table.success("esd-u-1", "concept", 100)?.value == 0.4)
    #expect(table.success("esd-u-1", "concept", 100, of: "fox")?.value == 0.2)
    #expect(table.ratio(pairs[0], 100) == 0.5 && table.ratio(pairs[1], 100) == 1)
    #expect(table.ratio(pairs[0], 50) == nil)
    // 50 (0 + 0) / 2 + 50 (0 + 0.4) / 2 over 100, the mean of both concepts
    #expect(abs(table.area("esd-u-1") - 0.1) < 1e-12)
    #expect(
      table.markdown.contains(
        "| esd-u-1 meta against esd-u-1 | base has none | 0.50 | 0.50 | -2.0 |"))
    #expect(
      table.markdown.contains("| esd-u-3 against esd-u-1 | base has none | 1.00 | 1.00 | -20.0 |"))
    #expect(table.markdown.contains("| esd-u-1 | 0, 0, 20 | 0, 0, 60 |"))
  }
}
