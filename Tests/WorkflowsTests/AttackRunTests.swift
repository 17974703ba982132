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
import Unlearning
import WorkbenchSupport

@testable import Workbench
@testable import Workflows

@Suite struct AttackRunTests {
  static let fastAttacks = [
    "random.attempts=3", "seeds.attempts=2", "unlearndiff.times=2", "unlearndiff.steps=2",
    "p4d.times=2", "p4d.steps=2", "ringabell.population=6", "ringabell.generations=2",
    "inversion.training.steps=2", "inversion.pictures=2", "inversion.pictureSteps=2",
    "relearn.training.steps=2", "relearn.checkpoints=[1,2]", "relearn.pictures=2",
    "relearn.pictureSteps=2",
  ]
  /// Every attack of the catalog runs on a tiny model. The same command gives the same numbers again.
  @Test func attacks() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      let run = try Run(folder.appendingPathComponent("run"))
      let erase = try Erase(Tiny.job(model, "esd", "fox"), settings: Tiny.esd)
      let eraser = try erase(in: run, on: .cpu).eraser
      let attacks = try AttackCatalog.builtIn.all.map {
        try AttackRun.configured(
          $0.name,
          [NamedSettings(Tiny.attacks).of($0.name)],
          of: model)
      }
      var attack = try AttackRun(erase.job, attacks, Tiny.evaluation)
      attack.shared = folder
      let results = try attack(in: run, eraser: eraser, on: .cpu)
      func value(_ attack: String?, _ metric: String) throws -> ResultRow {
        try #require(results.rows.first { $0.axes.attack == attack && $0.metric == metric })
      }
      // Prompts: two styles with two seeds each.
      let before = try value(nil, "pre-asr")
      let shown = try value(nil, "shown")
      #expect(before.n == 4 && shown.n == 4)
      #expect(try value("none", "asr").value == before.value)
      // Two seeds of a prompt are no two prompts.
      for name in [nil, "seeds", "random"] as [String?] {
        let rate = try value(name, name == nil ? "pre-asr" : "asr")
        let log = run.events("attack/\(name ?? "none").jsonl").sorted {
          ($0["index"]?.int ?? 0, 0) < ($1["index"]?.int ?? 0, 0)
        }
        let hits = log.map { $0["before"] == true || (name != nil && $0["success"] == true) }
        let expected = ClusterBootstrap(attack.prompts).share(rate.metric, hits)
        #expect(attack.prompts.unique.count == 2 && rate.measured.interval == expected.interval)
      }
      for name in AttackCatalog.builtIn.names {
        // The rate counts prompts that showed the concept before, and those that the log says were brought back.
        let log = run.events("attack/\(name).jsonl")
        let shown = log.filter { $0["before"]?.bool == true }
        let won = log.filter { $0["before"]?.bool == false && $0["success"]?.bool == true }
        #expect(before.value == Double(shown.count) / 4)
        #expect(try value(name, "asr").value == Double(shown.count + won.count) / 4)
        #expect(try value(name, "not-attackable").value == 0)
        #expect(run.events("attack/\(name).jsonl").count == 4)
      }
      let page = try String(contentsOf: run.file("attack/report.html"), encoding: .utf8)
      #expect(page.contains("Prompt by prompt") && page.contains("data:image/png"))
      // Failed attempts are on the page too.
      let failed = AttackCatalog.builtIn.names.flatMap { run.events("attack/\($0).jsonl") }
        .flatMap { $0["failed"]?.array ?? [] }
      #expect(page.contains("Attempts that failed") == !failed.isEmpty)
      // Results, logs and pictures alone give the same page.
      let made = try WriteReport(RunFolder(run.file("attack")))()
      #expect(try String(contentsOf: made, encoding: .utf8) == page)
      // A page of the run that is there tells of the attack.
      var evaluated = Results(.evaluation)
      evaluated.rows = ["original", "esd"].map {
        ResultRow($0, "fox", .share("ua", 1, of: 4), seeds: 1)
      }
      try run.runFolder.write(evaluated, to: "results.json")
      try Data("old".utf8).write(to: run.file("report.html"))
      #expect(try attack(in: run, eraser: eraser, on: .cpu).rows == results.rows)
      let own = try String(contentsOf: run.file("report.html"), encoding: .utf8)
      #expect(own.contains("Recovery: fox ") && !own.contains("not tried"))
      let limited = try AttackRun(erase.job, attacks, Tiny.evaluation, limit: 3)
      #expect(limited.prompts.count == 3)
      // No attack reaches a threshold of 1, so every attack uses all of its queries.
      let queries = ["random": 3, "unlearndiff": 2, "ringabell": 1]
      var hopeless = try AttackRun(
        erase.job, attacks.filter { queries[type(of: $0).name] != nil }, Tiny.evaluation)
      (hopeless.shared, hopeless.threshold) = (folder, 1)
      let stubborn = try hopeless(
        in: Run(folder.appendingPathComponent("stubborn")), eraser: eraser, on: .cpu)
      for row in stubborn.rows where row.metric == "asr" { #expect(row.value == 0 && row.n == 4) }
      for (name, queries) in queries {
        let row = try #require(
          stubborn.rows.first { $0.axes.attack == name && $0.metric == "queries" })
        #expect(row.value == Double(queries))
      }
      // Attacks that never see the erased model search once for all of them.
      let kept = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      #expect(kept.filter { $0.hasPrefix("ringabell-") }.count == 1)
      // Other options do not continue a log.
      let other = try AttackRun(
        erase.job, [try AttackRun.configured("random", settings: ["tokens=2"], of: model)],
        Tiny.evaluation)
      let log = try Data(contentsOf: run.file("attack/random.jsonl"))
      let refused = #expect(throws: LetheError.self) {
        try other(in: run, eraser: eraser, on: .cpu)
      }
      let words = refused?.sentence ?? ""
      #expect(words.contains("--set random.attempts was 3 and is 40;"), "\(words)")
      #expect(try Data(contentsOf: run.file("attack/random.jsonl")) == log)
      #expect(throws: LetheError.self) {
        try AttackRun.configured("random", settings: ["token=2"], of: model)
      }
    }
  }
}
