import Diffusion
import Evaluation
import Foundation
import TestSupport
import Testing
import Torch
import Training

@testable import Reports

struct RunVerdictTests {
  private func results(
    shown: Int, of n: Int = 20, before: Int = 20, kept: Int = 90, usual: Int = 95,
    strange: Int = 0, frechet: Double = 2
  ) -> Results {
    func rows(_ method: String, _ measured: [MeasuredValue]) -> [ResultRow] {
      measured.map { ResultRow(method, "fox", $0, seeds: 1) }
    }
    var results = Results(.evaluation)
    results.rows =
      rows(
        "original",
        [
          .share("ua", n - before, of: n), .share("ira", usual, of: 100),
          .share("unrecognised", 1, of: 100),
          MeasuredValue("frechet", 1, n: 100),
        ])
      + rows(
        "esd",
        [
          .share("ua", n - shown, of: n), .share("ira", kept, of: 100),
          .share("unrecognised", strange, of: 100), MeasuredValue("frechet", frechet, n: 100),
        ])
    return results
  }

  @Test func words() {
    func word(_ shown: Int, before: Int = 20, strange: Int = 0) -> RunVerdict.Word {
      RunVerdict(results(shown: shown, before: before, strange: strange)).word
    }
    #expect(word(0) == .tooFew && word(1) == .tooFew && word(2) == .partly)
    // Wilson's upper bound of 0 of 35 is 9.9 %, of 0 of 34 10.2 %, of 2 of 80 8.7 %, of 3 of 80 10.5 %.
    for (shown, n, expected) in [
      (0, 35, RunVerdict.Word.forgotten), (0, 34, .tooFew), (2, 80, .forgotten), (3, 80, .tooFew),
    ] {
      #expect(
        RunVerdict(results(shown: shown, of: n, before: n)).word == expected, "\(shown), \(n)")
    }
    #expect(word(9) == .partly && word(10) == .not && word(20) == .not)
    // Half of what the original shows.
    #expect(word(4, before: 8) == .not && word(3, before: 8) == .partly)
    #expect(word(20, strange: 80) == .destroyed && word(20, strange: 40) == .not)
    #expect(RunVerdict(Results(.evaluation)).word == .unknown)
    // An original that does not show it tells nothing on what the erasure did.
    #expect(word(0, before: 0) == .unknown)
    #expect(
      RunVerdict(results(shown: 0, before: 0)).sentence.hasPrefix(
        "No verdict: the original does not show it in these pictures either"))
  }

  /// A judge without real pictures is held to the original's: the words say so, and the original's value stands beside.
  /// Results without that value counted the concept's own pictures, and destroy nothing.
  @Test func picturesUnlikeTheOriginals() throws {
    var results = results(shown: 0, strange: 80)
    #expect(RunVerdict(results).warnings.contains { $0.contains("UA counts them") })
    results.judges = [JudgeRecord(JudgeSpec("clip", "x"), JudgeDescription("x", "clip"), nil)]
    let verdict = RunVerdict(results)
    #expect(verdict.word == .destroyed)
    #expect(
      verdict.sentence.contains(
        "80 % of the pictures of other subjects are unlike every picture of the original (original: 1 %)"
      ), "\(verdict.sentence)")
    #expect(
      verdict.warnings == [
        "80 % of the erased model's pictures of other subjects are unlike every picture of the original (original: 1 %); "
          + "the judge names a class for them all the same, and IRA counts them by that name."
      ])
    var old = results
    old.rows = old.rows.filter { $0.metric != "unrecognised" || $0.method != "original" }
    #expect(RunVerdict(old).word == .tooFew && RunVerdict(old).warnings.isEmpty)
    old.judges = []
    #expect(RunVerdict(old).word == .destroyed)
  }

  /// Counts and not only shares, what it was before, and what was lost.
  @Test func sentences() {
    let none = RunVerdict(results(shown: 0)).sentence
    #expect(
      none.hasPrefix(
        "None of 20 pictures asked for with it shows it, too few to say forgotten (95 % interval 0 % to 16 %)"
      ))
    #expect(
      RunVerdict(results(shown: 0, of: 80, before: 80)).sentence.hasPrefix(
        "Forgotten: none of 80 pictures asked for with it shows it (95 % interval 0 % to 5 %)"))
    #expect(
      RunVerdict(results(shown: 1)).sentence.hasPrefix(
        "1 of 20 pictures asked for with it still shows it, too few to say forgotten"))
    #expect(
      none.contains(
        "recognised in 90 % of 100 pictures (95 % interval 83 % to 94 %), before 95 %, a change of -5 points (95 % interval -13 to +3) - too few to say that nothing was lost."
      ),
      "\(none)")
    let all = RunVerdict(results(shown: 15, of: 15, before: 15, kept: 60)).sentence
    #expect(all.hasPrefix("Not forgotten: 15 of 15 pictures still show it"))
    #expect(all.contains("before the erasure it was 100 %") && all.contains("something was lost"))
    #expect(RunVerdict(results(shown: 0, kept: 20)).sentence.contains("most was lost"))
    #expect(RunVerdict(results(shown: 0, strange: 30)).warnings.contains { $0.contains("30 %") })
    #expect(RunVerdict(results(shown: 0, strange: 3)).warnings.isEmpty)
    #expect(RunVerdict(results(shown: 0, frechet: 9)).warnings.contains { $0.contains("9 times") })
  }

  /// The headline and the table of a comparison tell the damage beside, and the warnings of each run; pages of other results have no
  /// such clause.
  @Test func comparisonsTellTheDamage() throws {
    var both = Results(.comparison)
    let (mild, harsh) = (
      results(shown: 5, kept: 95), results(shown: 5, kept: 68, frechet: 11)
    )
    both.rows =
      mild.rows
      + harsh.rows.filter { $0.method != "original" }.map { row in
        ResultRow("uce", row.subject, row.measured, seeds: 1)
      }
    #expect(
      BenchVerdict.forgetting(both)?.sentence
        == "Partly forgotten: esd, uce. Of other subjects something was lost: uce (recognised in 68 %, before 95 %)."
    )
    #expect(BenchVerdict.warnings(both).count == 1)
    #expect(
      BenchVerdict.warnings(both)[0].hasPrefix("uce: The Frechet distance is 11 times"))
    let page = MethodsPage(both, .builtIn).content
    #expect(page.notices == BenchVerdict.warnings(both))
    #expect(page.tables[0].markdown.contains("| uce | Partly forgotten; something was lost |"))
    #expect(page.tables[0].markdown.contains("| esd | Partly forgotten |"))
    // Concepts that were measured together share their other subjects.
    var split = both
    split.rows += both.rows.filter { $0.metric == "ua" }.flatMap { row in
      ["fox", "cat"].map { name in
        ResultRow(row.method, name, row.measured, seeds: 1) { $0.among = "fox + cat" }
      }
    }
    split.rows = split.rows.map { row in
      guard row.axes.among == nil else { return row }
      return ResultRow(row.method, "fox + cat", row.measured, seeds: 1)
    }
    #expect(
      BenchVerdict.forgetting(split)?.sentence.hasSuffix(
        "Of other subjects something was lost: uce (recognised in 68 %, before 95 %).") == true)
    #expect(BenchVerdict.warnings(split).count == 1)
    both.kind = .benchMethods
    #expect(BenchVerdict.forgetting(both)?.sentence == "Partly forgotten: esd, uce.")
    #expect(MethodsPage(both, .builtIn).content.notices.isEmpty)
  }

  /// The keeping side is as careful as the forgetting one: by the interval of the change, paired or not.
  @Test func fewOtherSubjectsShowNothing() {
    // Newcombe's lower bound of 95 less 95 of 100 is -6.8 points, of 4 less 4 of 4 -49 points.
    #expect(RunVerdict(results(shown: 0, kept: 95)).sentence.hasSuffix("- no loss is shown."))
    var few = results(shown: 0)
    for i in few.rows.indices where few.rows[i].metric == "ira" {
      few.rows[i].measured = .share("ira", 4, of: 4)
    }
    let sentence = RunVerdict(few).sentence
    #expect(
      sentence.hasSuffix(
        "recognised in 100 % of 4 pictures (95 % interval 51 % to 100 %), before 100 %, a change of 0 points (95 % interval -49 to +49) - too few to say that nothing was lost."
      ), "\(sentence)")
    // A paired change counts before the two shares.
    for (lower, upper, end) in [
      (-0.1, 0.02, "no loss is shown."), (-0.11, 0.02, "too few to say that nothing was lost."),
      (-0.2, -0.01, "something was lost."),
    ] {
      var paired = few
      paired.rows.append(
        ResultRow(
          "esd", "fox",
          MeasuredValue(
            "kept-change", 0, .share, n: 4, Interval(lower, upper, .clusters95)), seeds: 1))
      #expect(RunVerdict(paired).sentence.hasSuffix(end), "\(lower)")
    }
  }

  /// Pictures of one prompt are alike: the verdict says how many prompts its interval counts, and takes the interval of
  /// the row.
  @Test func promptsAreCounted() {
    var results = results(shown: 0, of: 45, before: 45)
    #expect(RunVerdict(results).word == .forgotten)
    for i in results.rows.indices where results.rows[i].metric == "ua" {
      results.rows[i].measured.prompts = 15
      let isErased = results.rows[i].method != "original"
      results.rows[i].measured.interval = .wilson(isErased ? 15 : 0, of: 15)
    }
    let verdict = RunVerdict(results)
    #expect(verdict.word == .tooFew)
    #expect(
      verdict.sentence.hasPrefix(
        "None of 45 pictures of 15 prompts that ask for it shows it, too few to say forgotten (95 % interval over prompts 0 % to 20 %)"
      ), "\(verdict.sentence)")
  }

  /// Warnings of several concepts name theirs; one that is the same for all stands once.
  @Test func warningsOfSeveralConcepts() {
    func part(_ kind: String, _ subject: String, _ frechet: Double) -> [ResultRow] {
      results(shown: 0, strange: 30, frechet: frechet).rows.map { row in
        ResultRow(row.method, subject, row.measured, seeds: 1) { $0.kind = kind }
      }
    }
    var both = Results(.evaluation)
    both.rows = part("object", "fox", 9) + part("style", "noto style", 7)
    let warnings = RunVerdict(both).warnings
    #expect(warnings.count == 3, "\(warnings)")
    #expect(warnings.contains { $0.hasPrefix("fox: The Frechet distance is 9 times") })
    #expect(warnings.contains { $0.hasPrefix("noto style: The Frechet distance is 7 times") })
    #expect(warnings.contains { $0.hasPrefix("30 % of the erased") })
    // A page has a line for each concept.
    let lines = RunVerdict(both).lines
    #expect(lines.count == 3 && lines[0] == "Too few to say forgotten.", "\(lines)")
    #expect(lines[1].hasPrefix("fox: None of 20 pictures") && lines[2].hasPrefix("noto style: "))
  }

  /// Concepts of one kind that were measured together: a line for each, other subjects once, and the pooled row says
  /// that it is.
  @Test func conceptsMeasuredTogether() throws {
    var both = results(shown: 4, of: 80, before: 80)
    both.rows = both.rows.map { row in
      ResultRow(row.method, "fox + church", row.measured, seeds: 1)
    }
    let pooled = RunVerdict(both)
    #expect(pooled.word == .tooFew && pooled.lines.count == 1)
    for (concept, shown) in [("fox", 0), ("church", 4)] {
      both.rows += [("original", 40), ("esd", shown)].map { method, shown in
        ResultRow(method, concept, .share("ua", 40 - shown, of: 40), seeds: 1) {
          $0.among = "fox + church"
        }
      }
    }
    // Four of 80 would be few; four of 40 churches are a tenth of them.
    let verdict = RunVerdict(both)
    #expect(verdict.word == .partly && verdict.state == "hurt")
    #expect(verdict.lines.count == 4, "\(verdict.lines)")
    #expect(verdict.lines[1].hasPrefix("fox: Forgotten: none of 40 pictures"))
    #expect(verdict.lines[2].hasPrefix("church: Partly forgotten: 4 of 40 pictures still show it"))
    #expect(verdict.lines[3].hasPrefix("Beside them: other subjects are recognised in 90 %"))
    #expect(!verdict.lines[1].contains("Beside"))
    // The tables name the pooled row, the comparison has a verdict for each concept, and the page has all three.
    let table = ResultsPage.main(both).markdown
    for name in ["fox + church (pooled)", "fox", "church"] {
      #expect(table.contains("| \(name) | esd |"), "\(table)")
    }
    let words = try #require(BenchVerdict.words(both).first).verdicts
    #expect(words.map(\.subject) == ["fox", "church"])
    #expect(words.map(\.verdict.word) == [.forgotten, .partly])
    try Fixtures.temporaryFolder { folder in
      var page = RunPage(folder)
      (page.concept, page.results) = ("fox, church", both)
      let content = try page.content
      #expect(content.verdict?.sentence.contains("\nchurch: Partly forgotten") == true)
      let own = content.metrics.filter { $0.name == "ua" }.map(\.title)
      #expect(own.count == 3 && own[0].hasSuffix(", fox + church (pooled)"), "\(own)")
      #expect(content.figures.count == 3)
    }
    // A model whose pictures are strange says nothing on any concept.
    both.rows = both.rows.map { row in
      guard row.metric == "unrecognised", row.method == "esd" else { return row }
      return ResultRow(row.method, row.subject, .share("unrecognised", 80, of: 100), seeds: 1)
    }
    #expect(RunVerdict(both).word == .destroyed)
  }

  /// A picture that asks for two concepts counts for each of them, and once among all.
  @Test func picturesOfTwoConcepts() throws {
    try Fixtures.temporaryFolder { folder in
      var page = RunPage(folder)
      (page.concept, page.gone, page.results) = (
        "fox, noto style", ["fox", "noto"], results(shown: 1)
      )
      try Run.makeFolder(folder.appendingPathComponent("erased"))
      let asked: [[String: String]] = [
        ["object": "fox", "style": "noto"], ["object": "fox", "style": "line"],
        ["object": "cat", "style": "noto"],
      ]
      for (i, asked) in asked.enumerated() {
        try PNG.write(
          Image(width: 1, height: 1, pixels: [0, 0, 0]),
          to: folder.appendingPathComponent("erased/\(i).png"))
        var picture = JudgedPicture(
          model: "uce", file: "erased/\(i).png", prompt: "p\(i)", seed: 1, asked: asked,
          seen: i == 0 ? ["object": "fox", "style": "line"] : ["object": "owl", "style": "line"],
          outcome: i == 0 ? .cameBack : .stayedAway, judge: "own:x")
        picture.kind = i == 2 ? "style" : "object"
        page.judged.append(picture)
      }
      let cards = try #require(page.content.cards.first)
      #expect(cards.title == "Forgotten subjects: 1 of 3 pictures came back")
      #expect(
        cards.note.contains(
          "fox: 1 of 2, noto style: 0 of 2; 1 picture asks for two of them and counts for each."
        ),
        "\(cards.note)")
      #expect(cards.cards[0].pictures.map(\.alt) == ["erased: p0"])
      page.unpreserved = "nothing is preserved: x"
      #expect(try page.content.notices == ["Nothing is preserved: x."])
    }
  }

  /// A picture that asks for one erased concept and shows another stayed away, and the verdict tells of it.
  @Test func anotherErasedConceptIsTold() throws {
    try Fixtures.temporaryFolder { folder in
      var page = RunPage(folder)
      (page.concept, page.gone, page.results) = ("fox, cat", ["fox", "cat"], results(shown: 0))
      try Run.makeFolder(folder.appendingPathComponent("erased"))
      func judged(_ pictures: [(model: String, asked: String, seen: String)]) throws {
        page.judged = try pictures.enumerated().map { i, picture in
          try PNG.write(
            Image(width: 1, height: 1, pixels: [0, 0, 0]),
            to: folder.appendingPathComponent("erased/\(i).png"))
          return JudgedPicture(
            model: picture.model, file: "erased/\(i).png", prompt: "p\(i)", seed: 1,
            asked: ["object": picture.asked, "style": "line"],
            seen: ["object": picture.seen, "style": "fox"], outcome: .stayedAway, judge: "own:x")
        }
      }
      // Not the original's, not one of a concept that is not erased, not one that shows its own.
      try judged([
        ("uce", "cat", "fox"), ("uce", "cat", "fox"), ("uce", "fox", "owl"), ("uce", "fox", "fox"),
        ("uce", "owl", "fox"), ("original", "cat", "fox"),
      ])
      let sentence = "In 2 of 4 pictures another erased concept is seen: fox."
      #expect(page.otherErased == sentence)
      #expect(try page.content.verdict?.sentence.hasSuffix("\n" + sentence) == true)
      try judged([("uce", "cat", "owl"), ("uce", "fox", "fox")])
      #expect(page.otherErased == nil)
    }
  }

  /// The failure is the first of all forgotten pictures, framed and with the judge's answer; a dozen are open.
  @Test func failuresComeFirst() throws {
    try Fixtures.temporaryFolder { folder in
      var page = RunPage(folder)
      (page.concept, page.gone, page.results) = ("fox", ["fox"], results(shown: 1))
      for set in ["original", "erased"] { try Run.makeFolder(folder.appendingPathComponent(set)) }
      for i in 0..<15 {
        let file = "erased/fox_\(i).png"
        for set in ["original", "erased"] {
          try PNG.write(
            Image(width: 1, height: 1, pixels: [UInt8(i), 0, 0]),
            to: folder.appendingPathComponent("\(set)/fox_\(i).png"))
        }
        var picture = JudgedPicture(
          model: "esd", file: file, prompt: "a fox", seed: UInt64(i), asked: ["object": "fox"],
          seen: ["object": i == 7 ? "fox" : "cat"], outcome: i == 7 ? .cameBack : .stayedAway,
          judge: "own:x")
        (picture.probability, picture.askedProbability) = (0.97, i == 7 ? 0.97 : 0.01)
        page.judged.append(picture)
      }
      var damaged = page.judged[0]
      (damaged.asked, damaged.outcome) = (["object": "owl"], .damaged)
      page.judged.append(damaged)
      let content = try page.content
      let cards = try #require(content.cards.first)
      #expect(
        cards.title == "Forgotten subjects: 1 of 15 pictures came back" && cards.cards.count == 15)
      #expect(cards.cards[0].state == "back" && cards.cards[0].text == "came back: fox, 97 %")
      #expect(cards.cards[0].detail == "a fox · seed 7" && cards.cards[0].pictures.count == 2)
      #expect(cards.cards.dropFirst().allSatisfy { $0.state == "away" })
      #expect(content.cards.last?.cards.map(\.state) == ["hurt"])
      let html = try content.html()
      #expect(html.contains("<summary>3 more</summary>"))
      #expect(html.contains("class=\"verdict away\">1 of 20 pictures asked for with it"))
      #expect(html.contains(RunVerdict.rule))
      let (first, fold) = (html.range(of: "came back: fox"), html.range(of: "<summary>3 more"))
      #expect(try #require(first).lowerBound < #require(fold).lowerBound)
      #expect(html.contains("IRA, in-domain retain accuracy"))
      // The answers of a judge that cannot tell are shown without a count and without a colour.
      let blind = JudgedSet(
        asked: (0..<40).map { ["object": $0 % 2 == 0 ? "fox" : "cat"] },
        seen: (0..<40).map { ["object": $0 % 4 < 2 ? "fox" : "cat"] },
        features: Tensor.zeros([40, 1]))
      let quality = JudgeQuality(
        blind, prompts: (0..<40).map { "\($0)" }, Forgotten(kind: "object", names: ["fox"]))
      #expect(quality?.standing == .cannotTell)
      page.results?.judges = [
        JudgeRecord(JudgeSpec("own", "x"), JudgeDescription("x", "own"), quality)
      ]
      let doubtful = try page.content
      #expect(
        doubtful.cards.map(\.title) == [
          "Forgotten subjects: own:x cannot tell whether they are there"
        ])
      #expect(doubtful.cards[0].cards[0].text == "the judge says: fox, 97 %")
      #expect(doubtful.cards[0].cards.allSatisfy { $0.state.isEmpty })
    }
  }

  /// A page goes to other people: folders of its author's machine are left out, and counts are those of the pictures.
  @Test func judgesAreNamedWithoutFolders() throws {
    var named = results(shown: 1)
    let (spec, twin) = (JudgeSpec("own", "/home/me/judges/emoji"), "own:/srv/judges/emoji")
    named.judges = [JudgeRecord(spec, JudgeDescription("emoji", "own"), nil)]
    named.origin = Origin(lethe: "x")
    named.origin?.judges = [spec.description: "abc"]
    (named.notes, named.seeds) = (["\(spec) tells."], 3)
    let facts = ResultsPage.facts(named)
    #expect(facts.contains { $0.title == "Judge own:judges/emoji" && $0.value.hasSuffix("abc") })
    #expect(facts.contains { $0.value.hasSuffix("3 of a prompt for the concept, 1 of others") })
    var page = RunPage(Fixtures.folder)
    page.results = named
    let html = try page.content.html()
    #expect(html.contains("own:judges/emoji tells.") && !html.contains("/home/me"))
    // Two judges of one name keep their places.
    named.origin?.judges[twin] = "def"
    #expect(ResultsPage.facts(named).contains { $0.topic == .judge(twin) })
    (named.kind, named.seeds) = (.audit, 1)
    #expect(ResultsPage.pictures(named) == "1 of a prompt")
    named.kind = .attack
    #expect(ResultsPage.pictures(named) == nil)
  }

  @Test func unmeasuredAndUnfinishedPagesSaySo() throws {
    var page = RunPage(Fixtures.folder)
    page.measuring = "Measure it: lethe evaluate x"
    #expect(try page.content.html().contains("Not measured yet"))
    var bench = results(shown: 1)
    (bench.kind, bench.unfinished) = (.benchMethods, 3)
    let content = try ResultsPage.content(of: bench, in: Fixtures.folder)
    #expect(content.notices.first?.contains("3 trials are not finished") == true)
    #expect(content.markdown.contains("3 trials are not finished"))
    #expect(content.markdown.contains("| esd | Too few to say forgotten |"))
  }
}
