// A judge that cannot tell the concept on the original's own pictures.
import Diffusion
import Editing
import Evaluation
import Foundation
import TestSupport
import Testing
import Torch
import Training
import WorkbenchSupport

@testable import Workbench
@testable import Workflows

@Suite struct JudgeStandingTests {
  /// The answers are kept picture by picture, rates are left out, and later commands say why.
  @Test func answersAreKeptWithoutRates() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      let run = try Run(folder.appendingPathComponent("run"))
      let job = Tiny.job(model, "uce", "fox")
      let (eraser, _) = try Erase(job, settings: [])(in: run, on: .cpu)
      var options = EvaluationOptions()
      (options.seeds, options.retainSeeds, options.sampling.steps) = (10, 5, 1)
      let evaluate = try Evaluate(job, options)
      let results = try evaluate(in: run, eraser: eraser, on: .cpu)
      let spec = try #require(results.judges.first?.spec)
      #expect(results.judges.first?.quality?.standing == .cannotTell)
      #expect(
        !results.rows.contains { ["ua", "shown", "kept", "unrecognised"].contains($0.metric) })
      let lines = run.events("samples.jsonl")
      #expect(lines.count == 2 * evaluate.samples.count && evaluate.samples.count == 40)
      #expect(lines.allSatisfy { $0["seen"]?["object"]?.string != nil })

      let refused = #expect(throws: LetheError.self) {
        try run.runFolder.refuseDoubtful(spec, "attack")
      }
      #expect(refused?.kind == .request)
      #expect(refused?.sentence.contains("cannot tell the concept: balanced accuracy") == true)
      #expect(throws: Never.self) {
        try run.runFolder.refuseDoubtful(JudgeSpec("clip", "x"), "attack")
        try run.runFolder.refuseDoubtful(nil, "attack")
      }

      // Attacks ask another judge of several, which nothing found unable.
      let second = JudgeSpec("clip", "x")
      #expect(try run.runFolder.asked(of: [spec, second]) == second)
      #expect(
        try run.runFolder.asked(of: [spec, JudgeSpec("scores", "s.csv"), second]) == second)
      #expect(try run.runFolder.asked(of: [spec]) == spec)
      #expect(try run.runFolder.asked(of: []) == nil)

      // An attack that was made before counts for nothing on the page.
      var attack = Results(.attack)
      attack.judges = [JudgeRecord(spec, results.judges[0].about, nil)]
      attack.rows = [
        ResultRow("uce", "fox", .share("asr", 0, of: 9), seeds: 1) { $0.attack = "none" }
      ]
      let place = RunFolder(run.file("attack"))
      try Run.makeFolder(place.url)
      try place.write(attack, to: "results.json")
      let page = try WriteReport(run.runFolder).html()
      #expect(page.contains("judged the attacks, and it cannot tell the concept"))
      #expect(page.contains("cannot tell whether they are there"))
      #expect(!page.contains("stayed away") && !page.contains("came back"))

      // Pictures whose class a table of scores never has are named.
      let table = run.file("scores.csv")
      try Data(
        (["file,label,score"]
          + ["original", "erased"].flatMap { set in
            evaluate.samples.map { "\(set)/\($0.file),fox,1" }
          }).joined(separator: "\n").utf8
      ).write(to: table)
      let scored = try Evaluate(
        job, options, .themed(job, options), judges: [JudgeSpec("scores", table.path)])(
          in: run, eraser: eraser, on: .cpu)
      let other = try #require(evaluate.suite.others.first?.subjects["object"])
      #expect(
        scored.notes.contains {
          $0.contains("has no class for '\(other)'") && $0.contains("the 20 pictures")
        }, "\(scored.notes)")

      // A judge that cannot be opened is told before the results that it would replace.
      var again = try Evaluate(
        job, options, evaluate.suite, judges: [JudgeSpec("clip", "/nonexistent")])
      again.overwrites = false
      let bad = #expect(throws: LetheError.self) { try again(in: run, eraser: eraser, on: .cpu) }
      #expect(bad?.sentence.hasPrefix("--judge: there is no folder /nonexistent") == true)
    }
  }
}
