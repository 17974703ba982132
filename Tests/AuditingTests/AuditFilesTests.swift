import Evaluation
import Testing
import Torch
import Workbench

@testable import Auditing

@Suite struct AuditFilesTests {
  /// A name with a bar stays in its cell, on the card and in the row.
  @Test func barsStayInTheirCells() {
    var results = Results(.releaseAudit)
    results.audit = AuditSummary(
      "Gone.",
      [
        .init("erased", .good, "gone | away", .share("ua", 8, of: 10), limit: "at most 10 %"),
        .init("kept", .open, "not measured", nil, limit: ""),
      ], rules: [])
    let files = AuditFiles(results, EraseJob(ModelFolder("m"), "esd", "a|b", seed: 0, command: []))
    let lines = files.card.split(separator: "\n").filter { $0.hasPrefix("|") }
    #expect(
      lines == [
        "| question | answer | number [95 % interval] | n | passes where |",
        "| --- | --- | --- | --- | --- |",
        "| erased | gone \\| away | 80.0 % [49.0, 94.3] | 10 | at most 10 % |",
        "| kept | not measured |  |  |  |",
      ])
    #expect(files.csv.contains("m,esd,a|b,"))
  }

  /// Of several concepts the card and the row have each, the worst first.
  @Test func eachConceptIsStated() {
    var results = Results(.releaseAudit)
    var erased = AuditSummary.Tile(
      "erased", .bad, "fox: still there", .share("shown", 8, of: 10), limit: "x")
    erased.concepts = [
      .init(name: "fox", answer: .bad, word: "still there", measured: .share("shown", 8, of: 10)),
      .init(name: "cat", answer: .good, word: "erased", measured: .share("shown", 0, of: 10)),
    ]
    let kept = AuditSummary.Tile("neighbours", .good, "kept", .share("kept", 9, of: 10), limit: "y")
    results.audit = AuditSummary("Gone.", [erased, kept], rules: [])
    let files = AuditFiles(
      results, EraseJob(ModelFolder("m"), "esd", "fox + cat", seed: 0, command: []))
    let lines = files.card.split(separator: "\n").filter { $0.hasPrefix("|") }.dropFirst(2)
    #expect(
      Array(lines) == [
        "| erased | fox: still there | 80.0 % [49.0, 94.3] | 10 | x |",
        "| erased | cat: erased | 0.0 % [0.0, 27.8] | 10 |  |",
        "| neighbours | kept | 90.0 % [59.6, 98.2] | 10 | y |",
      ])
    #expect(
      files.card.contains(
        "name: \"erased: share of the concept's pictures that still show it, cat, n 10\"\n        value: 0.0"
      ))
    let rows = files.csv.split(whereSeparator: \.isNewline).dropFirst()
    #expect(rows.count == 3)
    #expect(rows.dropFirst().first?.hasPrefix("m,esd,fox,,,no,erased: still there,0.8,") == true)
    #expect(rows.last?.hasPrefix("m,esd,cat,,,no,erased: erased,0.0,0.0,") == true)
    #expect(rows.last?.hasSuffix(",10") == true)
  }

  /// Of several judges each row names its own, on the card and in `model-index`, and a quick audit says that it is one.
  @Test func judgesAndSizeAreNamed() {
    var results = Results(.releaseAudit)
    func tile(_ name: String, _ judge: String) -> AuditSummary.Tile {
      var tile = AuditSummary.Tile(name, .good, "good", .share("shown", 0, of: 10), limit: "x")
      tile.judges = [
        .init(judge: judge, answer: .good, word: "good", measured: tile.measured, limit: "x")
      ]
      return tile
    }
    results.audit = AuditSummary(
      "Gone.", [tile("erased", "own:a"), tile("neighbours", "own:b")], rules: [])
    results.notes = ["Seen.", "\(Results.aboutAttack)seeds: asks again."]
    func card(quick: Bool) -> String {
      results.quick = quick
      return AuditFiles(
        results, EraseJob(ModelFolder("m"), "esd", "fox", seed: 0, command: [])
      ).card
    }
    let (quick, full) = (card(quick: true), card(quick: false))
    #expect(
      quick.contains(
        "name: \"neighbours: change of the share of other subjects' pictures that are right, judge own:b, quick, n 10\""
      ))
    #expect(quick.contains("\nA quick audit: it has few pictures"))
    #expect(
      full.contains(
        "name: \"erased: share of the concept's pictures that still show it, judge own:a, n 10\"")
        && !full.contains("quick"))
    #expect(
      full.split(separator: "\n").filter { $0.hasPrefix("|") } == [
        "| question | answer | number [95 % interval] | n | judge | passes where |",
        "| --- | --- | --- | --- | --- | --- |",
        "| erased | good | 0.0 % [0.0, 27.8] | 10 | own:a | x |",
        "| neighbours | good | 0.0 % [0.0, 27.8] | 10 | own:b | x |",
      ])
    #expect(full.contains("Seen.") && !full.contains("asks again"))
  }

  /// Measures of pictures stand in the row with the network and its version.
  @Test func measuresHaveTheirProfile() {
    var results = Results(.releaseAudit)
    results.rows = ["original", "esd"].map { method in
      ResultRow(method, "fox", MeasuredValue("fid@pytorch-fid", 3.5, n: 40), seeds: 1) {
        $0.profile = MeasureProfile("pytorch-fid", network: "inception", version: "1a2b3c4d5e6f")
      }
    }
    let files = AuditFiles(results, EraseJob(ModelFolder("m"), "esd", "fox", seed: 0, command: []))
    let rows = files.csv.split(whereSeparator: \.isNewline)
    #expect(
      rows.first?.hasSuffix("fid@pytorch-fid,fid@pytorch-fid_n,fid@pytorch-fid_profile") == true)
    #expect(rows.last?.hasSuffix("3.5,40,\"pytorch-fid, inception 1a2b3c4d\"") == true)
  }

  /// A size that draws nothing is refused with the range.
  @Test(arguments: ["prompts=0", "wordings=0", "repetitions=0", "steps=0", "attacked=-1"])
  func sizesHaveRanges(_ setting: String) throws {
    let error = #expect(throws: LetheError.self) {
      try Settings([setting]).laid(over: AuditSize.quick)
    }
    #expect(error?.sentence.contains("accepted: a whole number from ") == true, "\(setting)")
    #expect(try Settings(["attacked=0", "neighbours=0"]).laid(over: AuditSize.quick).attacked == 0)
  }
}
