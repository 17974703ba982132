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

/// Names three objects by the numbers of the files, 0 to 13, and the next one for the last of them, as many as the
/// argument says.
private final class Numbered: Judge {
  static let scheme = "numbered"
  static let title = "the numbers of files"
  static let argument = JudgeArgument.none
  let classes = ["object": ["fox", "cat", "owl"]]
  let about = JudgeDescription("numbered", Numbered.scheme)
  let wrong: Int

  init(wrong: Int) { self.wrong = wrong }

  static func open(
    _ argument: String, asked question: JudgeQuestion, on device: Device
  ) throws -> any Judge { Numbered(wrong: Int(argument) ?? 0) }

  func features(_ pictures: Tensor, of files: [String]) throws -> Tensor {
    let numbers = files.map { file -> Int in
      let name = file.split(separator: "/").last ?? ""
      let number = Int(name.prefix { $0 != "_" }) ?? 0
      return number + (number >= 14 - wrong ? 1 : 0)
    }
    return Tensor(
      numbers.flatMap { number in (0..<3).map { number % 3 == $0 ? Float(9) : 0 } },
      [numbers.count, 3])
  }

  func logits(_ features: Tensor, _ kind: String) -> Tensor { features }
}

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
      let names = ["fox", "cat", "owl"]
      let samples = (0..<14).map { i in
        SampleSet.Sample(
          "\(i)", 0, prompt: "picture \(i)", seed: UInt64(i),
          subjects: ["style": i < 2 ? "noto" : "symbola", "object": names[i % 3]])
      }
      let suite = PromptSuite(
        "s",
        JudgeQuestion(
          Forgotten(kind: "style", names: ["noto"]),
          classes: ["style": ["noto", "symbola"], "object": names]), samples)
      var catalogs = Catalogs.builtIn
      catalogs.judges = try catalogs.judges.adding(Numbered.self)
      let objects = JudgeSpec(Numbered.scheme, "2")
      let results = try Evaluate(
        job, Tiny.evaluation, catalogs: catalogs, suite, judges: [styles, objects])(
          in: run, eraser: eraser, on: .cpu)
      func judges(_ metric: String) -> Set<String> {
        Set(results.rows.filter { $0.metric == metric }.compactMap(\.axes.judge))
      }
      #expect(judges("ua") == [styles.description] && judges("ira") == [styles.description])
      #expect(judges("cra") == [objects.description])
      let rows = results.rows.filter { $0.axes.judge == objects.description }
      #expect(rows.map(\.metric) == ["cra", "cra"] && rows.map(\.method) == ["original", "uce"])
      #expect(rows.allSatisfy { $0.n == suite.others.count })
      #expect(results.judges.map { $0.quality == nil } == [false, true])
      #expect(results.judges.map(\.standing) == [.unknown, .tells])
      #expect(results.notes.contains { $0.contains("it measures cra alone") })
      let lines = run.events("samples.jsonl").filter {
        $0["judge"]?.string == objects.description
      }
      #expect(lines.count == 2 * suite.others.count)
      #expect(lines.allSatisfy { $0["asked"]?["style"] == "symbola" })
      try WriteReport(run.runFolder)()
      // Right in 8 of 12 of the original's pictures, Wilson's lower bound is 39 %: the answers stay, without a rate.
      let blind = JudgeSpec(Numbered.scheme, "4")
      let poor = try Evaluate(
        job, Tiny.evaluation, catalogs: catalogs, suite, judges: [styles, blind])(
          in: run, eraser: eraser, on: .cpu)
      #expect(poor.judges[1].standing == .cannotTell && poor.judges[1].quality == nil)
      #expect(!poor.rows.contains { $0.metric == "cra" })
      #expect(poor.notes.contains { $0.hasPrefix("This judge cannot tell: of numbered:") })
      let kept = run.events("samples.jsonl").filter { $0["judge"]?.string == blind.description }
      #expect(kept.count == lines.count)
      try WriteReport(run.runFolder)()
      // It cannot say whether an attack brought the style back.
      let network = try judge("object", names)
      let attack = try AttackRun(job, [], Tiny.evaluation, suite, judge: network)
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
      let suite = try PromptSuite.themed(job, options)
      #expect(suite.samples.count == 20 && !suite.ofConcept.isEmpty)
      #expect(found.map(\.method) == ["original", "uce"])
      #expect(found.allSatisfy { $0.n == suite.others.count })
      // Its own pictures are near to themselves, and hold the limit.
      #expect(found[0].value == 0)
      let marks = run.events("samples.jsonl")
      #expect(
        marks.count == 2 * suite.samples.count
          && marks.allSatisfy { $0["isUnrecognised"]?.bool != nil })
      (options.seeds, options.retainSeeds) = (2, 1)
      #expect(try rows(Tiny.clipJudge, options).isEmpty)
    }
  }
}
