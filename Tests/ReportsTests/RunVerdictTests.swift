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
    #expect(word(0) == .forgotten && word(1) == .forgotten && word(2) == .partly)
    #expect(word(9) == .partly && word(10) == .not && word(20) == .not)
    // Half of what the original shows.
    #expect(word(4, before: 8) == .not && word(3, before: 8) == .partly)
    #expect(word(20, strange: 80) == .destroyed && word(20, strange: 40) == .not)
    #expect(RunVerdict(Results(.evaluation)).word == .unknown)
  }

  /// Counts and not only shares, what it was before, and what was lost.
  @Test func sentences() {
    let none = RunVerdict(results(shown: 0)).sentence
    #expect(
      none.hasPrefix(
        "Forgotten: none of 20 pictures asked for with it shows it (95 % interval 0 % to 16 %)"))
    #expect(
      none.contains("recognised in 90 % of their pictures, before 95 %")
        && none.contains("no loss is shown"))
    let all = RunVerdict(results(shown: 15, of: 15, before: 15, kept: 60)).sentence
    #expect(all.hasPrefix("Not forgotten: 15 of 15 pictures still show it"))
    #expect(all.contains("before the erasure it was 100 %") && all.contains("something was lost"))
    #expect(RunVerdict(results(shown: 0, strange: 30)).warnings.contains { $0.contains("30 %") })
    #expect(RunVerdict(results(shown: 0, strange: 3)).warnings.isEmpty)
    #expect(RunVerdict(results(shown: 0, frechet: 9)).warnings.contains { $0.contains("9 times") })
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
      #expect(cards.title == "Forgotten subjects: 1 of 15 came back" && cards.cards.count == 15)
      #expect(cards.cards[0].state == "back" && cards.cards[0].text == "came back: fox, 97 %")
      #expect(cards.cards[0].detail == "a fox · seed 7" && cards.cards[0].pictures.count == 2)
      #expect(cards.cards.dropFirst().allSatisfy { $0.state == "away" })
      #expect(content.cards.last?.cards.map(\.state) == ["hurt"])
      let html = try content.html()
      #expect(html.contains("<summary>3 more</summary>"))
      #expect(html.contains("class=\"verdict away\">Forgotten: 1 of 20 pictures"))
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
      #expect(quality?.verdict == .cannotTell)
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

  @Test func unmeasuredAndUnfinishedPagesSaySo() throws {
    var page = RunPage(Fixtures.folder)
    page.measuring = "Measure it: lethe evaluate x"
    #expect(try page.content.html().contains("Not measured yet"))
    var bench = results(shown: 1)
    (bench.kind, bench.unfinished) = (.benchMethods, 3)
    let content = try ResultsPage.content(of: bench, in: Fixtures.folder)
    #expect(content.notices.first?.contains("3 parts are not finished") == true)
    #expect(content.markdown.contains("3 parts are not finished"))
    #expect(content.markdown.contains("| esd | Forgotten |"))
  }
}
