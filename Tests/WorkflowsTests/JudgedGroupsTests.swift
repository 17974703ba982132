import Diffusion
import Evaluation
import Foundation
import TestSupport
import Testing
import Torch
import TorchNN
import Training
import WorkbenchSupport

@testable import Workbench
@testable import Workflows

@Suite struct JudgedGroupsTests {
  /// Two objects of one eraser: rows on all of their pictures, and on those of each. An object beside a style has them
  /// by kind.
  @Test func conceptsOfOneKind() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      var job = Tiny.job(model, "uce", "fox")
      job.concepts = ["fox", "cat"]
      let erase = try Erase(job, settings: [])
      let run = try Run(folder.appendingPathComponent("run"))
      let eraser = try erase(in: run, on: .cpu).eraser
      let results = try Evaluate(erase.job, Tiny.evaluation)(in: run, eraser: eraser, on: .cpu)
      for (method, metric) in [
        ("original", "ua"), ("uce", "ua"), ("uce", "shown"), ("uce", "shown-original"),
      ] {
        let rows = results.rows.filter { $0.method == method && $0.metric == metric }
        #expect(rows.map(\.subject) == ["fox + cat", "fox", "cat"], "\(metric)")
        #expect(rows.map(\.axes.among) == [nil, "fox + cat", "fox + cat"])
        #expect(rows[0].n == rows[1].n + rows[2].n && rows[1].n > 0 && rows[2].n > 0)
        let hits = rows.map { ($0.value * Double($0.n)).rounded() }
        #expect(hits[0] == hits[1] + hits[2])
      }
      // Other subjects are those of both.
      #expect(results.rows.filter { $0.metric == "ira" && $0.method == "uce" }.count == 1)
      // The page of the run takes the rows, and a folder of before without them too.
      try WriteReport(run.runFolder)()
      var old = results
      old.rows = old.rows.filter { $0.axes.among == nil }
      try run.runFolder.write(old, to: "results.json")
      try WriteReport(run.runFolder)()
      let verdicts = try InputFile.text(run.file("samples.jsonl"))
      #expect(verdicts.contains("\"shows something else\"") || verdicts.contains("\"shows it\""))
      let lines = verdicts.split(separator: "\n").filter { $0.contains("\"model\":\"original\"") }
      #expect(!lines.isEmpty && lines.allSatisfy { $0.contains("\"outcome\":\"shows ") })
    }
  }

  /// Of two judges, one of each kind, that of the concept's kind gives its rates, and the other what was kept of its
  /// own kind in other pictures.
  @Test func aJudgeOfEachKind() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      let job = Tiny.job(model, "uce", "noto style")
      let run = try Run(folder.appendingPathComponent("run"))
      let eraser = try Erase(job, settings: [])(in: run, on: .cpu).eraser
      func judge(_ kind: String, _ labels: [String]) throws -> JudgeSpec {
        var card = JudgeNetwork.Card(heads: [kind: labels])
        (card.widths, card.size) = ([4, 8], 16)
        let place = folder.appendingPathComponent(kind)
        try JudgeNetwork(card, .initial(Generator(seed: 1))).save(to: place, card: card)
        return JudgeSpec("own", place.path)
      }
      let styles = try judge("style", ["noto", "symbola"])
      let objects = try judge("object", ["fox", "cat", "owl"])
      let suite = try PromptSuite.themed(job, Tiny.evaluation)
      let results = try Evaluate(
        job, Tiny.evaluation, suite, judges: [styles, objects])(in: run, eraser: eraser, on: .cpu)
      func judges(_ metric: String) -> Set<String> {
        Set(results.rows.filter { $0.metric == metric }.compactMap(\.axes.judge))
      }
      #expect(judges("ua") == [styles.description] && judges("ira") == [styles.description])
      #expect(judges("cra") == [objects.description])
      let rows = results.rows.filter { $0.axes.judge == objects.description }
      #expect(rows.map(\.metric) == ["cra", "cra"] && rows.map(\.method) == ["original", "uce"])
      #expect(rows.allSatisfy { $0.n == suite.others.count })
      #expect(results.judges.map { $0.quality == nil } == [false, true])
      #expect(results.notes.contains { $0.contains("it measures cra alone") })
      let lines = run.events("samples.jsonl").filter {
        $0["judge"]?.string == objects.description
      }
      #expect(lines.count == 2 * suite.others.count)
      #expect(lines.allSatisfy { $0["asked"]?["style"] == "symbola" })
      try WriteReport(run.runFolder)()
      // It cannot say whether an attack brought the style back.
      let attack = try AttackRun(job, [], Tiny.evaluation, suite, judge: objects)
      #expect { try attack.openJudge(on: .cpu) } throws: { "\($0)".contains("no class 'noto'") }
    }
  }

  /// A CLIP's own pictures of the original say which of the erased model's are like none of them, from 20 on.
  @Test func picturesLikeNoneOfTheOriginals() throws {
    try Fixtures.temporaryFolder { folder in
      let (job, run, eraser) = try Tiny.erased(["fox"], in: folder)
      func rows(_ judge: JudgeSpec, _ options: EvaluationOptions) throws -> [ResultRow] {
        try Evaluate(job, options, .themed(job, options), judges: [judge])(
          in: run, eraser: eraser, on: .cpu
        ).rows.filter { $0.metric == "unrecognised" }
      }
      var options = Tiny.evaluation
      (options.seeds, options.retainSeeds, options.sampling.steps) = (8, 1, 1)
      let found = try rows(Tiny.clipJudge, options)
      #expect(found.map(\.method) == ["uce"] && found.first?.n == 20)
      (options.seeds, options.retainSeeds) = (2, 1)
      #expect(try rows(Tiny.clipJudge, options).isEmpty)
    }
  }
}
