import Evaluation
import Foundation
import TestSupport
import Testing
import Torch
import Training
import WorkbenchSupport

@testable import Benchmarks
@testable import Workbench
@testable import Workflows

@Suite struct RelearningBenchmarkTests {
  /// Methods run plain and inside Meta-Unlearning. The control runs plain only.
  @Test func plainAndMeta() throws {
    try Fixtures.temporaryFolder { folder in
      let run = try Run(folder.appendingPathComponent("bench"))
      let esd = [
        "training.steps=2", "trajectories=2", "trajectorySteps=3", "preserveTrajectories=2",
        "guarding.limit=0",
      ]
      let settings =
        esd.map { "esd-u.\($0)" } + esd.map { "esd-u-3.\($0)" }
        + [
          "meta.training.steps=1", "meta.training.batch=2", "meta.pictures=2",
          "meta.pictureSteps=2", "meta.attack.steps=1", "meta.guarding.limit=0",
          "relearn.training.steps=2",
          "relearn.checkpoints=[1,2]", "relearn.pictures=2", "relearn.pictureSteps=2",
        ]
      var bench = try RelearningBenchmark(
        Tiny.benchmark(try Tiny.model(folder), settings), concepts: ["fox"])
      (bench.prompts, bench.seeds, bench.methods) = (2, 1, ["esd-u", "esd-u-3"])
      bench.unseen = 3
      bench.controls = ["esd-u-3": "esd-u"]
      bench.controlled = ["esd-u"]
      let results = try Tiny.runner()(bench, in: run, on: .cpu)
      let labels = results.rows.filter { $0.method != "original" }.map(\.label).unique
      #expect(
        labels == [
          "esd-u", "esd-u inside meta", "esd-u inside meta-keep", "esd-u inside meta-ascent",
          "esd-u-3",
        ])
      for label in labels {
        func success(_ set: TuningSet) -> MeasuredValue? {
          results.rows.filter {
            $0.label == label && $0.subject == "all" && $0.axes.trainedOn == set
              && $0.axes.step == 0
          }.value("success")
        }
        #expect(success(.concept) != nil && success(.concept) == success(.benign))
      }
      #expect(
        results.baselines
          == [
            "esd-u inside meta": "esd-u", "esd-u inside meta-keep": "esd-u",
            "esd-u inside meta-ascent": "esd-u", "esd-u-3": "esd-u",
          ])
      // Meta less each control, on the same prompts, from the curves of both.
      func hits(_ folder: String) throws -> [Relearn.Point.Hits] {
        try Relearn.hits(in: Run(run.file("fox/\(folder)"))).filter {
          $0.set == .concept && $0.step == 2
        }
      }
      for control in ["meta-keep", "meta-ascent"] {
        let (own, other) = (try hits("esd-u-meta"), try hits("esd-u-\(control)"))
        #expect(own.map(\.text.n) == [1, 1] && own.map(\.text.text) == other.map(\.text.text))
        let rows = results.rows.filter {
          $0.metric == "beyond-control" && $0.axes.against == control && $0.axes.step == 2
            && $0.axes.trainedOn == .concept && $0.label == "esd-u inside meta"
        }
        #expect(rows.map(\.subject) == ["fox", "all"])
        func sum(_ hits: [Relearn.Point.Hits]) -> Int { hits.map(\.text.hits).reduce(0, +) }
        let expected = Double(sum(own) - sum(other)) / 2
        #expect(rows.allSatisfy { $0.value == expected && $0.n == 2 })
        #expect(rows.allSatisfy { $0.measured.interval != nil })
      }
      // The controls lack one part each, and are otherwise the same.
      let meta = try RunFolder(run.file("fox/esd-u-meta")).job().options
      let keep = try RunFolder(run.file("fox/esd-u-meta-keep")).job().options
      let ascent = try RunFolder(run.file("fox/esd-u-meta-ascent")).job().options
      #expect(keep["pull"]?.number == 0 && keep["related"]?["destroy"]?.number == 0)
      #expect(
        keep["related"]?["keep"] == meta["related"]?["keep"] && keep["attack"] == meta["attack"])
      #expect(ascent["attack"]?["steps"]?.int == 0 && ascent["pull"] == meta["pull"])
      let job = try RunFolder(run.file("fox/esd-u-meta")).job()
      #expect(job.options["base"]?.string == "esd")
      #expect(job.options["options"]?["parameters"]?.string == "noxattn")
      let strong = try RunFolder(run.file("fox/esd-u-3")).job()
      #expect(strong.options["eta"]?.number == 3)
      #expect(try Tiny.runner()(bench, in: run, on: .cpu).rows == results.rows)
      // A folder whose curves do not tell the prompts apart goes on, without these rows.
      let curve = run.file("fox/esd-u-meta-keep/relearn/curve.jsonl")
      let lines = try String(contentsOf: curve, encoding: .utf8).split(separator: "\n")
      let older = try lines.map { line -> String in
        var point = try JSONText.value(Data(line.utf8))
        point["texts"] = nil
        return point.compact + "\n"
      }
      try Data(older.joined().utf8).write(to: curve)
      let resumed = try Tiny.runner()(bench, in: run, on: .cpu).rows
      #expect(resumed == results.rows.filter { $0.axes.against != "meta-keep" })
      try Data(lines.map { $0 + "\n" }.joined().utf8).write(to: curve)
      _ = try Tiny.runner()(bench, in: run, on: .cpu)
      let page = try String(contentsOf: run.file("report.html"), encoding: .utf8)
      #expect(page.contains("Relearning of erased concepts") && page.contains("<polyline"))
      #expect(try String(contentsOf: WriteReport(run.runFolder)(), encoding: .utf8) == page)
    }
  }
}
