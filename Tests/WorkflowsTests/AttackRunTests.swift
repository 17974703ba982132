import Attacks
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
  /// A judge of other weights than the tiny model's.
  static func secondJudge(in folder: URL) throws -> JudgeSpec {
    var card = JudgeNetwork.Card(heads: [
      "object": ["fox", "cat"], "style": ["noto", "symbola"],
    ])
    (card.widths, card.size) = ([4, 4, 8], 16)
    let second = folder.appendingPathComponent("second")
    try JudgeNetwork(card, .initial(Generator(seed: 11))).save(to: second, card: card)
    return JudgeSpec("own", second.path)
  }

  /// Of two judges each has rows, a line of the table and a sentence of the verdict; the first one's are those that it has alone.
  @Test func severalJudges() throws {
    try Fixtures.temporaryFolder { folder in
      let (job, run, eraser) = try Tiny.erased(["fox"], in: folder)
      let model = job.folder
      let other = try Self.secondJudge(in: folder)
      let attacks = try ["none", "random"].map {
        try AttackRun.configured(
          $0, [NamedSettings(Tiny.attacks).of($0)], of: model)
      }
      let alone = try AttackRun(job, attacks, Tiny.evaluation)(
        in: Run(folder.appendingPathComponent("alone")), eraser: eraser, on: .cpu)
      var attack = try AttackRun(job, attacks, Tiny.evaluation)
      attack.beside = [other]
      let results = try attack(in: run, eraser: eraser, on: .cpu)
      let first = try model.judgeSpec().description
      let names = [first, other.description]
      #expect(results.judges.map(\.spec.description) == names)
      let log = run.events("attack/random.jsonl")
      // Prompts that the first judge closed before any attempt were never attacked for the other one.
      let tried = log.count { $0["before"] != true || $0["seen"]?[other.description] != nil }
      for (attack, metric) in [
        ("none", "asr"), ("random", "asr"), (nil, "pre-asr"), (nil, "shown"),
      ]
        as [(String?, String)]
      {
        let rows = results.rows.filter { $0.axes.attack == attack && $0.metric == metric }
        let asked = attack == "random" && tried == 0 ? [first] : names
        #expect(rows.map(\.axes.judge) == asked, "\(metric)")
        #expect(rows.map { $0.axes.profile?.network } == asked)
        if attack != "random" { #expect(rows[0].n == rows[1].n) }
        let own = alone.rows.first { $0.axes.attack == attack && $0.metric == metric }
        #expect(own?.measured == rows[0].measured && own?.axes.judge == nil)
      }
      let seen = log.count { $0["seen"]?[other.description] != nil }
      let rate = results.rows.last {
        $0.axes.attack == "random" && $0.metric == "asr" && $0.axes.judge == other.description
      }
      #expect((rate?.n ?? 0) == tried && (rate?.value ?? 0) == Double(seen) / Double(max(1, tried)))
      let table = AttackPage.rates(results)
      #expect(
        table.rows.map(\.labels[0]).filter { $0.hasSuffix(", \(names[1])") }.count
          == (tried > 0 ? 4 : 3))
      let verdict = AttackPage.verdict(results)?.lines ?? []
      for name in names { #expect(verdict.contains { $0.contains(" by \(name)") }, "\(verdict)") }
      #expect(results.notes.contains { $0.contains("are at least those") })
    }
  }

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

  /// Guidance of a file's rows counts in evaluations, attacks and fine-tunings alike, and in their plans.
  @Test func guidanceOfAFile() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.plainModel(folder)
      let run = try Run(folder.appendingPathComponent("run"))
      var job = Tiny.job(model, "uce", "fox")
      job.wording = ConceptWording(kind: .object)
      let erase = try Erase(job, settings: [])
      let eraser = try erase(in: run, on: .cpu).eraser
      let file = folder.appendingPathComponent("prompts.csv")
      let size = try model.model(on: .cpu).imageSize
      try Data(
        "prompt,seed,guidance,width\na fox,1,1,\na fox at night,2,1,\na cat,3,1,\na cat,4,1,\(2 * size)\n"
          .utf8
      ).write(to: file)
      var request = PromptRequest()
      (request.file, request.related) = (file.path, ["cat"])
      request.unrelated = ["owl", "bus"]
      var options = Tiny.evaluation
      options.sampling.guidance = 9
      let suite = try request.suite(of: erase.job, options, on: .cpu)
      #expect(suite.samples.count == 7 && suite.ofConcept.allSatisfy { $0.guidance == 1 })
      let evaluate = try Evaluate(erase.job, options, suite, judges: [Tiny.clipJudge])
      let plan = try evaluate.plan(in: run.runFolder, eraser: eraser, on: .cpu)
      #expect(
        plan.sentences[0].contains("2 steps, guidance 1.0 to 9.0, \(2 * size) x the model's pixels")
      )
      // Pictures of two sizes are judged, and the results say what they were drawn with.
      let results = try evaluate(in: run, eraser: eraser, on: .cpu)
      #expect(results.notes.contains { $0.contains("own guidance and size: guidance 1.0 to 9.0") })
      #expect(run.events("samples.jsonl").count == 14)
      // A guidance of 1 takes one prediction a step, and 9 takes two.
      let attack = try AttackRun(
        erase.job, [], options, suite, judge: Tiny.clipJudge, limit: nil)
      let drawn = try model.model(on: .cpu)
      _ = try attack.shown(drawn, [attack.openJudge(on: .cpu)])
      #expect(drawn.evaluations == 2 * 2)
      #expect(
        try attack.plan(in: run.runFolder, eraser: eraser, on: .cpu).sentences[0]
          .hasSuffix("guidance 1.0"))
      let relearn = try Relearn(
        erase.job, RelearnTests.tuning(.lora), options, suite, judge: Tiny.clipJudge, prompts: 2)
      #expect(
        try relearn.plan(in: run.runFolder, eraser: eraser, on: .cpu).sentences[1]
          .contains("guidance 1.0"))
    }
  }

  /// A judge that no evaluation measured is told, with the share of the original's pictures that are drawn anyway.
  @Test func anUnmeasuredJudgeIsTold() throws {
    try Fixtures.temporaryFolder { folder in
      let (job, run, eraser) = try Tiny.erased(["fox"], in: folder)
      let attack = try AttackRun(
        job, [try AttackRun.configured("none", settings: [], of: job.folder)], Tiny.evaluation)
      let words = "was not measured on the original in this run"
      // The page of the run, which was made before anything was measured, is made again.
      func own() throws -> String {
        try String(contentsOf: run.file("report.html"), encoding: .utf8)
      }
      try WriteReport(run.runFolder)()
      #expect(try own().contains("Not measured yet"))
      let results = try attack(in: run, eraser: eraser, on: .cpu)
      #expect(try own().contains("Not measured yet") && own().contains("Recovery"))
      #expect(results.notes.contains { $0.contains(words) && $0.contains("of 4 pictures") })
      let page = try String(contentsOf: run.file("attack/report.html"), encoding: .utf8)
      #expect(page.contains(words))
      var relearn = try Relearn(job, RelearnTests.tuning(.lora), Tiny.evaluation, prompts: 2)
      (relearn.seeds, relearn.unseen, relearn.trained) = (1, 2, [.concept])
      #expect(
        try relearn(in: run, eraser: eraser, on: .cpu).notes.contains { $0.contains(words) })
      let curve = try String(contentsOf: run.file("relearn/report.html"), encoding: .utf8)
      #expect(curve.contains(words))
      _ = try Evaluate(job, Tiny.evaluation)(in: run, eraser: eraser, on: .cpu)
      #expect(try !own().contains("Not measured yet"))
      let measured = try attack(in: run, eraser: eraser, on: .cpu)
      #expect(!measured.notes.contains { $0.contains(words) })
    }
  }
}
