// `lethe relearn` on a tiny model, and its curve.
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
import WorkbenchSupport

@testable import Workbench
@testable import Workflows

@Suite struct RelearnTests {
  static func tuning(_ mode: Relearning.Mode) -> Relearning {
    var tuning = Relearning()
    (tuning.mode, tuning.checkpoints, tuning.training.steps) = (mode, [8, 4, 2, 0, 4], 4)
    (tuning.pictures, tuning.pictureSteps, tuning.training.batch) = (3, 2, 2)
    tuning.training.learningRate = 1e-3
    return tuning
  }

  /// Two judges look at the same pictures: each has successes and a sentence, and losses stand once.
  @Test func severalJudges() throws {
    try Fixtures.temporaryFolder { folder in
      let (job, run, eraser) = try Tiny.erased(["fox", "cat"], in: folder)
      let other = try AttackRunTests.secondJudge(in: folder)
      func curve(_ beside: [JudgeSpec], in run: Run) throws -> Results {
        var relearn = try Relearn(job, Self.tuning(.lora), Tiny.evaluation, prompts: 4)
        (relearn.seeds, relearn.unseen, relearn.trained) = (1, 4, [.concept])
        relearn.beside = beside
        return try relearn(in: run, eraser: eraser, on: .cpu)
      }
      let alone = try curve([], in: Run(folder.appendingPathComponent("alone")))
      let results = try curve([other], in: run)
      let names = [try job.folder.judgeSpec().description, other.description]
      func successes(_ results: Results, _ judge: String?) -> [ResultRow] {
        results.rows.filter { $0.metric == "success" && $0.axes.judge == judge }
      }
      let (first, second) = (successes(results, names[0]), successes(results, names[1]))
      #expect(first.map(\.measured) == successes(alone, nil).map(\.measured))
      #expect(second.map { [$0.subject, "\($0.n)"] } == first.map { [$0.subject, "\($0.n)"] })
      #expect(second.allSatisfy { $0.axes.profile?.network == names[1] })
      #expect(results.rows.count { $0.metric == "loss-concept" && $0.axes.seed != nil } == 3)
      let points = try Run(run.place("relearn")).events("curve.jsonl")
      for (i, step) in [0, 2, 4].enumerated() {
        let hits = (points[i]["beside"]?.array?.first?["texts"]?.array ?? [])
          .compactMap { $0["hits"]?.int }.reduce(0, +)
        let row = second.first {
          $0.axes.step == step && $0.axes.seed != nil && $0.axes.among == nil
        }
        #expect(row?.value == Double(hits) / 4)
      }
      let lines = RelearningPage.verdict(results)?.lines ?? []
      #expect(lines.count == 4)
      #expect(lines.prefix(2).allSatisfy { $0.hasPrefix("by \(names[0]), ") }, "\(lines)")
      #expect(lines.suffix(2).allSatisfy { $0.hasPrefix("by \(names[1]), ") }, "\(lines)")
      let page = try String(contentsOf: run.file("relearn/results.md"), encoding: .utf8)
      #expect(page.contains("Curve by own:"))
    }
  }

  /// Each of several concepts has hits, rows and a sentence of its own; a curve of before tells them not apart.
  @Test func conceptsOfOneEraser() throws {
    try Fixtures.temporaryFolder { folder in
      let (job, run, eraser) = try Tiny.erased(["fox", "cat"], in: folder)
      var relearn = try Relearn(job, Self.tuning(.lora), Tiny.evaluation, prompts: 4)
      (relearn.seeds, relearn.unseen, relearn.trained) = (2, 4, [.concept])
      let results = try relearn(in: run, eraser: eraser, on: .cpu)
      let points = try Run(run.place("relearn")).events("curve.jsonl")
      #expect(points.count == 2 * 3)
      for point in points {
        let concepts = point["concepts"]?.array ?? []
        #expect(concepts.map { $0["name"]?.string } == ["fox", "cat"])
        let hits = concepts.compactMap { $0["hits"]?.int }.reduce(0, +)
        #expect(hits == Int(((point["success"]?.number ?? -1) * 4).rounded()))
        #expect(concepts.compactMap { $0["n"]?.int } == [2, 2])
      }
      for concept in ["fox", "cat"] {
        let own = results.rows.filter { $0.subject == concept }
        #expect(own.allSatisfy { $0.axes.among == "fox + cat" })
        // Two fine-tunings and their mean at three steps, and the area.
        #expect(own.count == 3 * 3 + 1)
      }
      let verdict = try #require(RelearningPage.verdict(results))
      #expect(verdict.lines.count == 2)
      for (line, concept) in zip(verdict.lines, ["fox", "cat"]) {
        #expect(
          ["comes back", "stayed away", "was not away"].contains {
            line.hasPrefix("\(concept) \($0): after 4 steps of")
          }, "\(line)")
      }
      let origin = try #require(results.origin)
      #expect(origin.seed == 0 && origin.device == "cpu" && origin.threads == Runtime.threads)
      let page = try String(contentsOf: run.file("relearn/results.md"), encoding: .utf8)
      #expect(page.contains("concept: success of the prompts, cat"))
      #expect(page.contains("concept: success of the prompts, all (pooled)"))
      // A curve without the counts has the rows of all alone.
      let old = try points.map { point -> Relearn.Point in
        var members = point.members ?? [:]
        members["concepts"] = nil
        return try JSON.object(members).decoded(as: Relearn.Point.self)
      }
      let rows = RelearningCurve(old).rows("uce", "fox + cat")
      #expect(rows.allSatisfy { $0.axes.among == nil } && !rows.isEmpty)
    }
  }

  @Test(arguments: Relearning.Mode.allCases) func curve(_ mode: Relearning.Mode) throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      let run = try Run(folder.appendingPathComponent("run"))
      let erase = try Erase(Tiny.job(model, "uce", "fox"), settings: [])
      let eraser = try erase(in: run, on: .cpu).eraser
      var relearn = try Relearn(erase.job, Self.tuning(mode), Tiny.evaluation, prompts: 2)
      (relearn.seeds, relearn.unseen) = (2, 4)
      relearn.given = ["training": ["steps": 4]]
      let results = try relearn(in: run, eraser: eraser, on: .cpu)
      // Where it comes from: hashes, and each option with its source.
      let origin = try #require(results.origin)
      #expect(try origin.eraser == eraser.hash() && origin.model == eraser.card.base)
      #expect(origin.judges.count == 1 && origin.judges.values.allSatisfy { !$0.isEmpty })
      let sources = origin.settings.filter { $0.key.hasPrefix("relearn.training.") }
      #expect(sources.first { $0.key.hasSuffix("steps") }?.source == "--set")
      #expect(sources.first { $0.key.hasSuffix("batch") }?.source != "--set")
      func mean(_ set: TuningSet, _ step: Int, _ metric: String) throws -> MeasuredValue {
        try #require(
          results.rows.filter {
            $0.axes.trainedOn == set && $0.axes.step == step && $0.axes.seed == nil
          }.value(metric))
      }
      // Points: two sets with two seeds. The checkpoints come in their order and once; the one beyond the last step is
      // left out.
      let alone = results.rows.filter { $0.axes.seed != nil && $0.metric == "success" }
      #expect(alone.count == 2 * 2 * 3)
      #expect(Set(alone.compactMap(\.axes.step)) == [0, 2, 4])
      // Before the first step both fine-tunings are the same model.
      for metric in ["loss-concept", "loss-related", "loss-unrelated"] {
        #expect(try mean(.concept, 0, metric) == mean(.benign, 0, metric))
      }
      // Fine-tuning on the concept lowers the loss on unseen pictures of it.
      #expect(
        try mean(.concept, 4, "loss-concept").value < mean(.concept, 0, "loss-concept").value)
      #expect(try mean(.concept, 4, "loss-concept").interval?.kind == .standardError)
      let page = try String(contentsOf: run.file("relearn/report.html"), encoding: .utf8)
      let (before, after) = (try mean(.concept, 0, "success"), try mean(.concept, 4, "success"))
      #expect(
        page.contains(
          after.value <= 0.05
            ? "fox stayed away: after 4"
            : after.value > before.value ? "fox comes back: after 4" : "fox was not away: after 4"))
      // Fewer steps than the paper's are said.
      #expect(
        results.notes.contains(
          "relearn ran below its full budget, the paper's: training.steps 4 of 300, pictures 3 of 32."
        ))
      #expect(page.contains("training.steps 4 of 300, pictures 3 of 32"))
      #expect(page.contains("class=\"band c0\"") && page.contains("loss on related subjects"))
      // Pages, order and refusals know nothing of the mode.
      guard mode == .full else { return }
      // A page of the run that is there tells of it; one that is not there is not made.
      #expect(!run.runFolder.has("report.html"))
      _ = try Evaluate(erase.job, Tiny.evaluation)(in: run, eraser: eraser, on: .cpu)
      try Data("old".utf8).write(to: run.file("report.html"))
      #expect(try relearn(in: run, eraser: eraser, on: .cpu).rows == results.rows)
      let own = try String(contentsOf: run.file("report.html"), encoding: .utf8)
      #expect(
        own.contains("after 4 steps of fine-tuning on fox, ") && own.contains("; before, ")
          && !own.contains("not tried"))
      // Finished points are kept, and stand in one order, also where a full disk kept the run from writing them so. Other
      // options are refused, because they belong to another curve.
      let curve = run.file("relearn/curve.jsonl")
      let lines = try String(contentsOf: curve, encoding: .utf8)
      let otherOrder = lines.split(separator: "\n").reversed().map { "\($0)\n" }.joined()
      try Data(otherOrder.utf8).write(to: curve)
      #expect(try relearn(in: run, eraser: eraser, on: .cpu).rows == results.rows)
      #expect(try String(contentsOf: curve, encoding: .utf8) == lines)
      var other = Self.tuning(mode)
      other.training.learningRate = 1e-2
      let second = try Relearn(erase.job, other, Tiny.evaluation, prompts: 2)
      #expect(throws: LetheError.self) {
        try second(in: run, eraser: eraser, on: .cpu)
      }
    }
  }

  /// LoRA's mode sets its own learning rate, and a setting overrides it.
  @Test func aModeHasItsRate() throws {
    try Fixtures.temporaryFolder { folder in
      let model = ModelFolder(folder)
      func rate(_ settings: [String]) throws -> Double? {
        let attack = try AttackRun.configured("relearn", [Settings(settings)], of: model)
        return (attack as? Relearning)?.training.learningRate
      }
      #expect(try rate([]) == 1e-5 && rate(["mode=full"]) == 1e-5)
      #expect(try rate(["mode=lora"]) == 1e-4)
      #expect(try rate(["mode=lora", "training.learningRate=3e-4"]) == 3e-4)
      // A file's rate is for its own mode.
      func write(_ text: String) throws {
        try Data(#"{"relearn": {\#(text)}}"#.utf8).write(to: model.file("attacks.json"))
      }
      try write(#""training": {"learningRate": 2e-5}"#)
      #expect(try rate([]) == 2e-5 && rate(["mode=lora"]) == 1e-4)
      try write(#""mode": "lora""#)
      #expect(try rate([]) == 1e-4 && rate(["training.steps=3"]) == 1e-4)
      try write(#""mode": "lora", "training": {"learningRate": 2e-4}"#)
      #expect(try rate([]) == 2e-4 && rate(["training.learningRate=3e-4"]) == 3e-4)
    }
  }

  /// Pictures of one text are a cluster of the share's interval; a curve of before counts each picture.
  @Test func picturesOfOneTextCountTogether() throws {
    var point = Relearn.Point(
      set: .concept, seed: 0, step: 50, success: 0.5, n: 8, concept: 0, related: 0, unrelated: 0)
    func share(_ point: Relearn.Point) throws -> MeasuredValue {
      let rows = RelearningCurve([point]).rows("uce", "fox")
      return try #require(rows.first { $0.metric == "success" && $0.axes.seed == 1 }).measured
    }
    #expect(try share(point) == .share("success", 4, of: 8))
    let texts = [("a", 4), ("b", 0)].map {
      Relearn.Point.Text(text: $0.0, concept: "fox", hits: $0.1, n: 4)
    }
    point.texts = texts
    #expect(point.isPossible)
    let clustered = try share(point)
    #expect(
      clustered
        == ClusterBootstrap(["a", "a", "a", "a", "b", "b", "b", "b"])
        .share("success", [true, true, true, true, false, false, false, false]))
    #expect(clustered.prompts == 2 && clustered.size == "8 of 2 prompts")
    #expect(
      try #require(clustered.interval).width
        > #require(MeasuredValue.share("success", 4, of: 8).interval).width)
    // The texts of a stranger's file have the pictures and the hits of their point.
    for wrong in [Array(texts.prefix(1)), texts + texts] {
      point.texts = wrong
      #expect(!point.isPossible)
    }
    point.texts = [.init(text: "a", concept: "fox", hits: 5, n: 4), texts[1]]
    #expect(!point.isPossible)
  }

  /// A curve with fewer pictures of a prompt is another one; the record of others is that of before.
  @Test func reducedCurvesAreOthers() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      var relearn = try Relearn(
        Tiny.job(model, "uce", "fox"), Self.tuning(.lora), Tiny.evaluation, prompts: 2)
      let usual = try relearn.inputs(base: "b", eraser: "e")
      #expect(usual["pictures"] == nil)
      relearn.recordsSeeds = true
      relearn.options.seeds = 7
      #expect(try relearn.inputs(base: "b", eraser: "e")["pictures"] == .int(7))
    }
  }

  /// A fine-tuning that ends before a checkpoint, or between two, is tried at its end.
  @Test(arguments: [
    (40, [40]), (300, [50, 100, 200, 300]), (120, [50, 100, 120]), (50, [50]), (0, [0]),
  ]) func theEndIsTried(_ steps: Int, _ reached: [Int]) {
    var tuning = Relearning()
    tuning.training.steps = steps
    #expect(tuning.reached == reached)
  }

  @Test func areaUnderTheCurve() throws {
    func point(_ step: Int, _ success: Double) -> Relearn.Point {
      .init(
        set: .concept, seed: 0, step: step, success: success, n: 4, concept: 0, related: 0,
        unrelated: 0)
    }
    let curve = RelearningCurve([point(0, 0), point(50, 0.5), point(100, 1), point(300, 1)])
    // 50 * 0.25 + 50 * 0.75 + 200 * 1 over 300
    let area = try #require(curve.area(.concept))
    #expect(abs(area.value - 250.0 / 300) < 1e-12)
    #expect(curve.area(.benign) == nil)
    let rows = curve.rows("esd", "fox")
    let half = rows.first { $0.axes.step == 50 && $0.metric == "success" && $0.axes.seed == nil }
    #expect(half?.value == 0.5 && half?.measured.interval == nil)
    let alone = rows.first { $0.axes.step == 50 && $0.metric == "success" && $0.axes.seed == 1 }
    #expect(alone?.measured == .share("success", 2, of: 4))
  }
}
