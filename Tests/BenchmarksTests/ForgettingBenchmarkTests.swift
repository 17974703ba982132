// The way of a DDPM from pictures to a table: training, judge, erasures and measurements, all tiny.
import Diffusion
import Editing
import Evaluation
import Foundation
import Reports
import TestSupport
import Testing
import Torch
import TorchNN
import Training
import WorkbenchSupport

@testable import Benchmarks
@testable import Recipes
@testable import Workbench
@testable import Workflows

@Suite struct ForgettingBenchmarkTests {
  private var recipe: DDPMRecipe { Squares.recipe }

  /// The benchmark has a row for every method and for the retrained model. The same command gives the same table again.
  @Test func bench() throws {
    Runtime.threads = 1
    try Fixtures.temporaryFolder { folder in
      try Squares.write(folder.appendingPathComponent("data"))
      let trained = try Run(folder.appendingPathComponent("trained"), seed: 1)
      try TrainDDPM(recipe, trained, on: .cpu)(dataRoot: folder)
      var judging = JudgeRecipe()
      (judging.name, judging.data.folder, judging.data.styles) = ("squares", "data", [])
      (judging.widths, judging.heldOutEvery) = ([4, 8, 8], 5)
      (judging.training.steps, judging.training.batch) = (30, 8)
      let judge = try Run(folder.appendingPathComponent("judging"), seed: 1)
      try TrainJudge(judging, judge, on: .cpu)(dataRoot: folder)
      try Run.makeFolder(trained.file("judges"))
      try FileManager.default.moveItem(
        at: judge.file("judge"), to: trained.file("judges/squares"))
      let model = trained.file("model").path
      try Data("{\"erasediff\":{\"training\":{\"steps\":4,\"batch\":4}}}".utf8).write(
        to: URL(fileURLWithPath: model).appendingPathComponent("methods.json"))

      var options = try Tiny.benchmark(
        ModelFolder(model), ["retrain.training.steps=4", "finetune.training.steps=4"])
      (options.evaluation.seeds, options.evaluation.retainSeeds) = (4, 2)
      var bench = ForgettingBenchmark(
        options, concept: "left", data: folder.appendingPathComponent("data"))
      bench.methods = ["retrain", "erasediff", "finetune"]
      (bench.seeds, bench.retrainSeeds, bench.heldOutEvery) = (2, 1, 5)
      let run = try Run(folder.appendingPathComponent("bench"), seed: 0)
      let results = try Tiny.runner()(bench, in: run, on: .cpu)
      func mean(_ method: String, _ metric: String) -> ResultRow? {
        results.rows.first {
          $0.method == method && $0.metric == metric && $0.axes.seed == nil
        }
      }
      #expect(
        results.rows.map(\.method).unique == ["original", "retrain", "erasediff", "finetune"])
      #expect(mean("erasediff", "ua")?.seeds == 2 && mean("retrain", "ua")?.seeds == 1)
      #expect(mean("erasediff", "ua")?.measured.interval?.kind == .t95)
      #expect(mean("retrain", "ua")?.measured.interval?.kind == .wilson95)
      #expect(mean("original", "mia")?.seeds == 2)
      // The retrained model is what the others are held against. The original's pictures are there once.
      #expect(Set(results.baselines.keys) == ["original", "erasediff", "finetune"])
      #expect(Set(results.baselines.values) == ["retrain"])
      #expect(
        Set(results.pictures.filter { $0.method == "original" }.map(\.file)).count
          == results.pictures.count { $0.method == "finetune" })
      // Each repetition has a seed of its own, and its training uses it.
      let seeds = try (1...2).map { try RunFolder(run.file("finetune-\($0)")).job().seed }
      #expect(seeds == [0, 1])
      let erasers = try (1...2).map { try RunFolder(run.file("finetune-\($0)")).eraser() }
      let weights = erasers.map { $0.vector.tensors.sorted { $0.key < $1.key }.map(\.value) }
      #expect(zip(weights[0], weights[1]).contains { $0.distance(to: $1) > 0 })
      // The job has the options of methods.json.
      let job = try RunFolder(run.file("erasediff-1")).job()
      #expect(job.options["training"]?["steps"]?.int == 4)
      let page = try String(contentsOf: run.file("report.html"), encoding: .utf8)
      #expect(page.contains("EraseDiff") && page.contains("data:image/png"))
      #expect(try Tiny.runner()(bench, in: run, on: .cpu).rows == results.rows)
      #expect(try String(contentsOf: WriteReport(run.runFolder)(), encoding: .utf8) == page)

      // Without themes.json the classes are those of the pictures, and the command names the judge.
      let themes = URL(fileURLWithPath: model).appendingPathComponent("themes.json")
      let listed = try Data(contentsOf: themes)
      try FileManager.default.removeItem(at: themes)
      #expect { try bench.trials() } throws: { "\($0)".contains("--judge") }
      var plain = bench
      (plain.methods, plain.seeds) = (["finetune"], 1)
      plain.options.settings = ["finetune.training.steps": 4]
      plain.options.judges = [JudgeSpec("own", trained.file("judges/squares").path)]
      let place = try Run(folder.appendingPathComponent("plain"), seed: 0)
      let judged = try Tiny.runner()(plain, in: place, on: .cpu)
      for metric in ["ua", "ira"] {
        let row = try #require(
          judged.rows.first { $0.method == "finetune" && $0.metric == metric })
        #expect(row.n == (metric == "ua" ? 4 : 4))
      }
      try listed.write(to: themes)
      // The curve of a folder that was finished without one: UA and IRA before, within and after the first training.
      bench.curve = [3, 1, 400]
      let followed = try Tiny.runner()(bench, in: run, on: .cpu)
      #expect(followed.rows.filter { $0.axes.step == nil } == results.rows)
      for method in ["erasediff", "finetune"] {
        let own = followed.rows.filter { $0.method == method && $0.axes.step != nil }
        for metric in ["ua", "ira"] {
          let curve = own.filter { $0.metric == metric }
          #expect(curve.map(\.axes.step) == [0, 1, 3, 4] && curve.allSatisfy { $0.axes.seed == 1 })
          #expect(curve.allSatisfy { $0.n == (metric == "ua" ? 4 : 4) })
          let first = results.rows.filter { $0.axes.seed == 1 && $0.metric == metric }
          #expect(curve.first?.measured == first.first { $0.method == "original" }?.measured)
          #expect(curve.last?.measured == first.first { $0.method == method }?.measured)
        }
        func vector(_ step: Int) throws -> ParameterVector {
          try Eraser(
            contentsOf: run.file("\(method)-1/curve/training/snapshots/\(step).safetensors")
          ).vector
        }
        let final = try RunFolder(run.file("\(method)-1")).eraser().vector
        #expect(try vector(1).norm > 0 && (vector(3) - vector(1)).norm > 0)
        #expect(try (final - vector(3)).norm > 0)
      }
      #expect(!followed.rows.contains { $0.method == "retrain" && $0.axes.step != nil })
      let curved = try String(contentsOf: run.file("report.html"), encoding: .utf8)
      #expect(curved.contains("Along the training"))
      // In a new folder the snapshots are those of the one training, with the same numbers.
      bench.methods = ["finetune"]
      bench.options.settings = ["finetune.training.steps": 4]
      (bench.seeds, bench.curve) = (1, [3])
      let fresh = try Run(folder.appendingPathComponent("fresh"), seed: 0)
      let once = try Tiny.runner()(bench, in: fresh, on: .cpu)
      let snapshot = fresh.file("finetune-1/snapshots/3.safetensors")
      #expect(FileManager.default.fileExists(atPath: snapshot.path))
      #expect(
        once.rows.filter { $0.axes.step == 3 }
          == followed.rows.filter { $0.axes.step == 3 && $0.method == "finetune" })
      // A training that ends before its last step: its own steps are in the rows, and nothing is trained twice for a
      // step that it never reached.
      func ended(_ method: String, _ settings: NamedSettings) throws -> (
        Run, of: (String) -> [ResultRow]
      ) {
        (bench.methods, bench.options.settings, bench.curve) = ([method], settings, [1, 3, 11])
        let place = try Run(folder.appendingPathComponent("ended-\(method)"), seed: 0)
        let rows = try Tiny.runner()(bench, in: place, on: .cpu).rows
        return (try Run(place.file("\(method)-1")), { name in rows.filter { $0.metric == name } })
      }
      let (enough, found) = try ended(
        "erasediff",
        [
          "erasediff.training.steps": 12, "erasediff.training.logEvery": 1,
          "erasediff.training.learningRate": 0.001, "erasediff.innerSteps": 1,
          "erasediff.until": 0.5, "erasediff.surrogate": "noise",
        ])
      let last = try #require(
        enough.events().first { $0["enough"]?.bool == true }?["step"]?.int)
      #expect(last > 1 && last < 11)
      #expect(found("erase-steps").allSatisfy { $0.value == Double(last) })
      let followedSteps: [Int] = [0, 1, 3, 11].filter { $0 < last } + [last]
      #expect(found("ua").compactMap(\.axes.step) == followedSteps)
      #expect(!FileManager.default.fileExists(atPath: enough.file("curve/training").path))
      // A guard that keeps no step leaves the original: one row at step 0.
      let (stopped, rest) = try ended(
        "finetune",
        [
          "finetune.training.steps": 4, "finetune.guarding.limit": 1e-12,
          "finetune.guarding.every": 2,
        ])
      let verdict = try stopped.runFolder.verdict()
      guard case .stopped(let stop) = verdict else {
        Issue.record("\(verdict)")
        return
      }
      #expect((stop.step, stop.kept) == (2, 0))
      #expect(rest("erase-steps").allSatisfy { $0.value == 2 })
      #expect(rest("ua").compactMap(\.axes.step) == [0])
      bench.curve = [0]
      #expect { try bench.trials() } throws: {
        "\($0)".contains("--curve: 0; accepted: steps from 1")
      }
      bench.curve = []

      bench.options.settings = ["esd.eta": 1]
      #expect(throws: LetheError.self) { try bench.trials() }
      bench.options.settings = [:]
      bench.concept = "up"
      #expect(throws: LetheError.self) { try bench.trials() }
    }
  }

  /// The embedded model's pictures show the class of their prompt as often as its card says.
  @Test func animals() throws {
    Runtime.threads = 1
    try Fixtures.temporaryFolder { folder in
      var options = EvaluationOptions()
      (options.retainSeeds, options.sampling.guidance, options.batch) = (2, 1.5, 20)
      options.sampling.steps = 12
      let results = try AuditModel(
        ModelFolder(Fixtures.package.appendingPathComponent("Models/animals")), options)(
          in: Run(folder), on: .cpu)
      let accuracy = try #require(results.rows.first { $0.metric == "object-accuracy" })
      // The card has 96 % of 500. The bound for 20 pictures is three standard errors lower.
      #expect(accuracy.n == 20 && accuracy.value >= 0.83)
      let judge = results.judge["heldOut.object"]?["value"]?.number
      #expect((judge ?? 0) >= 0.97)
    }
  }
}
