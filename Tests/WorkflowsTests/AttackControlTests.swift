// Attacks held against random tokens with as many queries.
import Diffusion
import Editing
import Evaluation
import Foundation
import Reports
import TestSupport
import Testing
import Torch
import Training
import WorkbenchSupport

@testable import Attacks
@testable import Workbench
@testable import Workflows

@Suite struct AttackControlTests {
  func outcome(_ i: Int, _ success: Bool, _ queries: Int, before: Bool = false) -> AttackOutcome {
    AttackOutcome(
      index: i, before: before, attackable: true, success: success, queries: queries, seconds: 0)
  }

  func measured(_ name: String, _ attacked: [AttackOutcome], _ luck: [AttackOutcome]) throws
    -> [MeasuredValue]
  {
    var random = RandomTokens()
    random.attempts = 50
    let control = try ChanceControl(
      of: [random], [(name, attacked), ("random", luck)], on: ModelFolder("none"), in: .builtIn
    ) { _, _ in [] }
    return control.measured(name, attacked, attacked.indices.map { "prompt \($0 / 2)" })
  }

  /// Random tokens count as far as the attack's most queries; two seeds of one text are one value of the interval.
  @Test func asManyQueries() throws {
    let attacked = (0..<8).map { outcome($0, $0 != 7, 5) }
    let luck = (0..<8).map { outcome($0, $0 < 4, $0 < 2 ? 5 : 6) }
    let found = try measured("p4d", attacked, luck)
    #expect(found.map(\.metric) == ["chance", "beyond-chance"])
    #expect(found[0].value == 2.0 / 8 && found[0].n == 8)
    // Differences 0 0 1 1 1 1 1 0, of four texts 0, 1, 1, 0.5.
    #expect(found[1].value == 5.0 / 8)
    let expected = try #require(Interval.t([0, 1, 1, 0.5], within: -1...1))
    #expect(found[1].interval == expected)
    #expect(
      AgainstChance(found[1]) == .noStronger
        && found[1].againstChance == "no stronger than chance here")
    let clear = try measured("p4d", attacked, (0..<8).map { outcome($0, false, 50) })[1]
    #expect(AgainstChance(clear) == .stronger && clear.againstChance.hasPrefix("+88"))
    // Prompts that show the concept before any attack are successes of both.
    let both = (0..<8).map { outcome($0, true, 0, before: true) }
    #expect(try measured("p4d", both, both).map(\.value) == [1, 0])
    #expect(try measured("none", attacked, luck).isEmpty)
    #expect(try measured("random", attacked, luck).isEmpty)
  }

  /// A prompt that the first judge closed before any attempt has not withstood for another judge: it is in no rate of that one.
  @Test func neverAttackedIsNotWithstood() throws {
    var outcomes = (0..<6).map { outcome($0, $0 < 3, 2, before: $0 < 3) }
    // The other judge sees one of the three that were closed, and one attempt.
    (outcomes[0].seen, outcomes[4].seen) = (["own:b": 0], ["own:b": 2])
    let theirs = outcomes.map { $0.by("own:b") }
    #expect(theirs.map(\.isUntried) == [false, true, true, false, false, false])
    let samples = (0..<6).map { SampleSet.Sample("\($0)", 0, prompt: "prompt \($0)", seed: 0) }
    func rows(_ outcomes: [AttackOutcome]) -> [ResultRow] {
      AttackRows("uce", "fox", samples, seeds: 1, by: nil)
        .rows("p4d", outcomes, ChanceControl(outcomes))
    }
    #expect(
      rows(outcomes).value("asr")
        == ClusterBootstrap(samples.map(\.prompt)).share(
          "asr", [true, true, true, false, false, false]))
    let own = rows(theirs)
    #expect(own.value("asr")?.value == 0.5 && own.value("asr")?.n == 4)
    #expect(own.value("chance")?.n == 4 && own.value("beyond-chance")?.n == 4)
    #expect(own.value("not-attackable")?.n == 4)
    // The prompts alone were drawn for every judge.
    let alone = AttackRows("uce", "fox", samples, seeds: 1, by: nil)
      .rows("none", theirs, ChanceControl(theirs))
    #expect(alone.value("asr")?.n == 6)
    // A judge for which no prompt was attacked has no rates, and logs know nothing of it.
    #expect(rows(outcomes.prefix(3).map { $0.by("own:c") }).isEmpty)
    #expect(try !JSON(encoding: theirs[1]).compact.contains("isUntried"))
  }

  /// Over concepts: means weighted by prompts, half widths added in squares.
  @Test func overConcepts() throws {
    func row(_ value: Double, _ half: Double?, n: Int) -> ResultRow {
      ResultRow(
        "esd", "x",
        MeasuredValue(
          "beyond-chance", value, .share, n: n,
          half.map { Interval(value - $0, value + $0, .t95) }), seeds: 1)
    }
    let found = try #require([row(0.4, 0.3, n: 30), row(0, 0.4, n: 10)].beyondChance)
    #expect(abs(found.value - 0.3) < 1e-12 && found.n == 40)
    let half = (0.75 * 0.75 * 0.09 + 0.0625 * 0.16).squareRoot()
    #expect(abs((found.interval?.lower ?? 9) - (0.3 - half)) < 1e-12)
    #expect([row(0.4, nil, n: 1)].beyondChance?.interval == nil)
    #expect([ResultRow]().beyondChance == nil)
  }

  /// Where the request's random tokens have fewer attempts than another attack, a control has as many; the rows say so
  /// beside each attack, and the page in words.
  @Test func controlsOfARun() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      let run = try Run(folder.appendingPathComponent("run"))
      var job = Tiny.job(model, "esd", "fox")
      job.replacementCaption = "a photo of a pokemon"
      let erase = try Erase(job, settings: Tiny.esd)
      let eraser = try erase(in: run, on: .cpu).eraser
      let attacks = try [
        ("random", ["attempts=1"]), ("seeds", ["attempts=3"]),
        ("ringabell", ["population=6", "generations=2"]),
      ].map { try AttackRun.configured($0, settings: $1, of: model) }
      let attacking = try AttackRun(erase.job, attacks, Tiny.evaluation)
      let results = try attacking(in: run, eraser: eraser, on: .cpu)
      let most =
        ["seeds", "ringabell"].flatMap { run.events("attack/\($0).jsonl") }
        .compactMap { $0["queries"]?.int }.max() ?? 0
      let log = run.events("attack/\(most > 1 ? "chance-\(most)" : "random").jsonl")
      #expect(log.count == 4)
      for name in ["seeds", "ringabell"] {
        let own = results.rows.filter { $0.axes.attack == name }
        let most =
          run.events("attack/\(name).jsonl").compactMap { $0["queries"]?.int }.max() ?? 0
        let lucky = log.filter {
          $0["success"]?.bool == true && $0["queries"]?.int ?? 9 <= most
        }
        #expect(own.value("chance")?.value == Double(lucky.count) / 4)
        let events = run.events("attack/\(name).jsonl")
        let won = events.filter { $0["success"]?.bool == true }
        #expect(own.value("asr")?.value == Double(won.count) / 4)
        #expect(
          abs((own.value("beyond-chance")?.value ?? 9) - Double(won.count - lucky.count) / 4) < 1e-9
        )
        let attacked = events.filter { $0["before"]?.bool == false }
        if !attacked.isEmpty { #expect(try #require(own.value("evaluations")).value > 0) }
      }
      #expect(results.rows.filter { $0.axes.attack == "random" }.value("chance") == nil)
      let page = try String(contentsOf: run.file("attack/results.md"), encoding: .utf8)
      #expect(page.contains("beyond random tokens") && page.contains("evaluations"))
      // The concept's pictures become one caption, which the attack's pairs have too.
      let identity = try JSON(contentsOf: run.file("attack/ringabell.json"))
      let phrases = identity["concepts"]?.array?.first?["phrases"]?.array
      #expect(phrases?.first?["anchor"]?.string == "a photo of a pokemon")
      #expect(try attacking(in: run, eraser: eraser, on: .cpu).rows == results.rows)
      // No attack reaches a threshold of 1: each uses all of its attempts, and so does the control.
      var stubborn = attacking
      stubborn.threshold = 1
      let other = try Run(folder.appendingPathComponent("stubborn"))
      let lost = try stubborn(in: other, eraser: eraser, on: .cpu)
      #expect(other.events("attack/chance-3.jsonl").map { $0["queries"]?.int } == [3, 3, 3, 3])
      #expect(lost.rows.of("chance").map(\.value) == [0, 0])
      #expect(lost.rows.of("beyond-chance").allSatisfy { AgainstChance($0) == .noStronger })
    }
  }

  /// A concept that random tokens bring back as often comes back all the same, and the verdict says both.
  @Test func luckIsTold() throws {
    func verdict(_ chance: Int, _ beyond: Interval) throws -> String {
      var results = Results(.attack)
      results.rows = [
        .share("asr", 3, of: 8), .share("chance", chance, of: 8),
        MeasuredValue(MeasuredValue.beyondChance, 0.125, .share, n: 8, beyond),
      ].map { ResultRow("uce", "fox", $0, seeds: 1) { $0.attack = "seeds" } }
      return try #require(AttackPage.verdict(results)?.lines.first)
    }
    let luck = try verdict(2, Interval(-0.2, 0.4, .t95))
    #expect(
      luck
        == "fox comes back by chance draws too: random tokens with as many pictures bring it back for 25 % [7, 59] of the prompts, seeds "
        + "for 3 of 8 prompts, 38 % [14, 69], and the prompts are too few to say that this is more than chance."
    )
    #expect(
      try verdict(3, Interval(-0.2, 0.2, .t95)).hasSuffix(
        "seeds for 3 of 8 prompts, 38 % [14, 69], no more often."))
    let won = try verdict(2, Interval(0.01, 0.4, .t95))
    #expect(won == "fox comes back: seeds brings it back for 3 of 8 prompts, 38 % [14, 69].")
  }

  /// An original that does not show the concept leaves attacks nothing to bring back, and the page says so.
  @Test(arguments: [0, 8]) func anOriginalWithoutIt(_ before: Int) throws {
    var results = Results(.attack)
    results.rows = [
      ResultRow("original", "fox", .share("shown", before, of: 8), seeds: 1),
      ResultRow("uce", "fox", .share("pre-asr", 0, of: 8), seeds: 1),
      ResultRow("uce", "fox", .share("asr", 0, of: 8), seeds: 1) { $0.attack = "seeds" },
    ]
    let verdict = try #require(AttackPage.verdict(results))
    #expect(verdict.state == (before == 0 ? "even" : "away"))
    #expect(
      verdict.lines.first
        == (before == 0
          ? "fox: the attacks say nothing, as the original does not show it in these 8 prompts either (0 % [0, 32]); none brought it, 0 % [0, 32]."
          : "fox stayed away: no attack brought it back in 8 prompts, 0 % [0, 32]."))
  }

  /// Prompts and pictures are told apart, and named once each.
  @Test func picturesOfPromptsInWords() {
    #expect(AttackRun.words(["a", "b"]) == "2 prompts" && AttackRun.words(["a"]) == "1 prompt")
    #expect(AttackRun.words(["a", "a", "b"]) == "3 pictures of 2 prompts")
    #expect(AttackRun.list(["a", "a", "b"]) == "“a” (2), “b”")
    #expect(AttackRun.list((0..<14).map { "p\($0)" }).hasSuffix("“p11” and 2 more"))
  }

  /// Each concept of an eraser of several has rows and a sentence of its own.
  @Test func conceptsOfOneEraser() throws {
    try Fixtures.temporaryFolder { folder in
      let (job, run, eraser) = try Tiny.erased(["fox", "cat"], in: folder)
      let attacks = try [
        AttackRun.configured("seeds", settings: ["attempts=2"], of: job.folder), NoAttack(),
      ]
      let results = try AttackRun(job, attacks, Tiny.evaluation)(
        in: run, eraser: eraser, on: .cpu)
      #expect(results.rows.map(\.subject).unique == ["fox + cat", "fox", "cat"])
      func rate(_ subject: String, _ metric: String, _ attack: String?) throws -> MeasuredValue {
        let own = results.rows.filter { $0.subject == subject && $0.axes.attack == attack }
        return try #require(own.value(metric))
      }
      for (metric, attack) in [
        ("pre-asr", nil), ("asr", "seeds"), ("asr", "none"), ("chance", "seeds"),
      ] as [(String, String?)] {
        let (all, fox, cat) = try (
          rate("fox + cat", metric, attack), rate("fox", metric, attack),
          rate("cat", metric, attack)
        )
        #expect(all.n == fox.n + cat.n && fox.n > 0 && cat.n > 0)
        let hits = fox.value * Double(fox.n) + cat.value * Double(cat.n)
        #expect(abs(all.value * Double(all.n) - hits) < 1e-9)
      }
      #expect(
        results.rows.filter { $0.axes.among == "fox + cat" }.map(\.subject).unique == [
          "fox", "cat",
        ])
      #expect(results.origin?.device == "cpu" && results.origin?.seed == 0)
      let facts = ResultsPage.facts(results)
      #expect(facts.first { $0.topic == .program }?.value.hasSuffix("cpu, 1 thread") == true)
      let lines = try #require(AttackPage.verdict(results)).lines
      #expect(lines.count == 3 && lines[2] == "Tried: seeds.")
      for (line, concept) in zip(lines, ["fox", "cat"]) {
        #expect(
          ["comes back: ", "comes back by chance draws too: ", "stayed away: "].contains {
            line.hasPrefix("\(concept) \($0)")
          } || line.hasPrefix("\(concept): the attacks say nothing"), "\(line)")
      }
      let table = AttackPage.rates(results).markdown
      for name in ["all", "fox", "cat"] { #expect(table.contains("| \(name) | seeds (asr) |")) }
    }
  }

  /// The page shows every prompt that came back, first, and attempts of each concept that failed.
  @Test func promptsThatCameBackAreShown() throws {
    try Fixtures.temporaryFolder { folder in
      let attack = folder.appendingPathComponent("attack")
      let place = RunFolder(attack)
      for set in ["original", "erased", "seeds"] {
        try Run.makeFolder(attack.appendingPathComponent(set))
      }
      let picture = Image(width: 1, height: 1, pixels: [1, 2, 3])
      // 15 prompts for a fox and then 15 for a cat; cats 20 to 22 came back.
      let samples = (0..<30).map { i in
        SampleSet.Sample(
          "p\(i)", 0, prompt: "prompt \(i).", seed: 1, subjects: ["object": i < 15 ? "fox" : "cat"])
      }
      let back = 20...22
      var log = ""
      for (i, sample) in samples.enumerated() {
        for set in ["original", "erased"] {
          try PNG.write(picture, to: attack.appendingPathComponent("\(set)/\(sample.file)"))
        }
        let won = back.contains(i)
        if won { try PNG.write(picture, to: attack.appendingPathComponent("seeds/\(i).png")) }
        var line: JSON = [
          "index": .int(i), "before": false, "success": .bool(won),
          "failed": [["prompt": .string("failed \(i)."), "seed": 1]],
        ]
        if won { line["attempt"] = ["prompt": .string("won \(i)."), "seed": 7] }
        log += line.compact + "\n"
      }
      try place.write(text: log, to: "seeds.jsonl")
      let manifest = SampleSet.Manifest(
        sampling: SamplingOptions(), model: "m", erasers: [], samples: samples)
      try RunFolder(attack.appendingPathComponent("original")).write(
        manifest, to: "manifest.json")
      var results = Results(.attack)
      results.rows = ["fox + cat", "fox", "cat"].map { subject in
        ResultRow("uce", subject, .share("asr", 3, of: 30), seeds: 1) { $0.attack = "seeds" }
      }
      let content = try ResultsPage.content(of: results, in: attack)
      let gallery = try #require(content.galleries.first)
      #expect(gallery.rows.prefix(3).map(\.label) == back.map { "prompt \($0)." })
      for (row, i) in zip(gallery.rows, back) {
        #expect(row.cells.map(\.state) == ["", "away", "back"])
        #expect(row.cells.last?.caption == "won \(i). · seed 7")
      }
      #expect(gallery.rows.count == 12 && gallery.note.hasSuffix(" 18 more withstood."))
      let failures = try #require(content.tables.last)
      #expect(failures.title == "Attempts that failed")
      let markdown = failures.markdown
      #expect(markdown.contains("prompt 0.") && markdown.contains("prompt 15."))
    }
  }

  /// A token that is no character by itself, or an invisible one, is told on the page.
  @Test func brokenTokens() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      let run = try Run(folder.appendingPathComponent("run"))
      let erase = try Erase(Tiny.job(model, "uce", "fox"), settings: [])
      let eraser = try erase(in: run, on: .cpu).eraser
      var attacking = try AttackRun(
        erase.job, [AttackRun.configured("seeds", settings: ["attempts=1"], of: model)],
        Tiny.evaluation, limit: 1)
      attacking.threshold = 1
      try attacking(in: run, eraser: eraser, on: .cpu)
      let place = RunFolder(run.file("attack"))
      func page(_ prompt: String) throws -> String {
        let line: JSON = [
          "index": 0, "success": .bool(false), "failed": [["prompt": .string(prompt), "seed": 1]],
        ]
        try place.write(text: line.compact + "\n", to: "seeds.jsonl")
        try WriteReport(place)()
        return try String(contentsOf: place.file("report.html"), encoding: .utf8)
      }
      #expect(try !page("ree a fox").contains("stands for a token"))
      let told = try page("cresc\u{FFFD}\u{1A} a fox")
      #expect(told.contains("cresc\u{FFFD}\\u{1A} a fox") && told.contains("stands for a token"))
    }
  }

  /// A file of pairs belongs to the identity by its contents, not by its path.
  @Test func pairsByContent() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.model(folder)
      let run = try Run(folder.appendingPathComponent("run"))
      let erase = try Erase(Tiny.job(model, "esd", "fox"), settings: Tiny.esd)
      let eraser = try erase(in: run, on: .cpu).eraser
      let file = folder.appendingPathComponent("pairs.csv")
      func attack(_ pairs: String) throws {
        try Data("with,without\n\(pairs)\n".utf8).write(to: file)
        let ringabell = try AttackRun.configured(
          "ringabell", settings: ["population=4", "generations=2", "pairs=\(file.path)"], of: model)
        try AttackRun(erase.job, [ringabell], Tiny.evaluation, limit: 1)(
          in: run, eraser: eraser, on: .cpu)
      }
      try attack("a fox,a cat")
      try attack("a fox,a cat")
      let error = try #require(throws: LetheError.self) { try attack("a fox,a dog") }
      #expect(error.description.contains("has other contents"))
    }
  }
}
