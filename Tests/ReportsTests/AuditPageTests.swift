import Evaluation
import Foundation
import Testing
import Torch

@testable import Reports

@Suite struct AuditPageTests {
  private static let forgotten = Forgotten(kind: "object", names: ["fox"])

  private static func set(_ asked: [[String: String]]) -> JudgedSet {
    JudgedSet(asked: asked, seen: asked, features: Tensor.zeros([asked.count, 1]))
  }

  /// With several judges the rule is told in a sentence above and whole below, and curves and attempts say whose they are. Notes on
  /// too few prompts stand above, those on attacks beside their table.
  @Test func severalJudgesAreTold() throws {
    var results = Results(.releaseAudit)
    let asked = (0..<80).map { ["object": $0 < 40 ? "fox" : "cat"] }
    let quality = JudgeQuality(
      Self.set(asked), prompts: (0..<80).map { "prompt \($0)" }, Self.forgotten)
    results.judges = ["a", "b"].map {
      JudgeRecord(JudgeSpec("own", $0), JudgeDescription($0, "own"), quality)
    }
    results.rows = ["own:a", "own:b"].flatMap { judge in
      [
        ResultRow("uce", "fox", .share("asr", 1, of: 4), seeds: 1) {
          ($0.attack, $0.judge) = ("seeds", judge)
        }
      ]
        + [0, 4].map { step in
          ResultRow("uce", "fox", .share("success", 1, of: 4), seeds: 1) {
            ($0.step, $0.judge) = (step, judge)
          }
        }
    }
    var tile = AuditSummary.Tile("erased", .good, "erased", nil, limit: "x")
    results.notes = [
      "4 prompts are attacked, which cannot show that the attacks are withstood.",
      "\(Results.aboutAttack)seeds: asks with other seeds.",
    ]
    results.audit = AuditSummary("Gone.", [tile], rules: [])
    func content() throws -> ReportContent {
      try AuditPage(results, URL(fileURLWithPath: "/")).content
    }
    #expect(try content().notices == [results.notes[0]])
    tile.judges = ["own:b", "own:a"].map {
      .init(judge: $0, answer: .good, word: "erased", measured: nil, limit: "x")
    }
    results.audit?.tiles = [tile]
    let several = try content()
    #expect(
      several.notices == [
        results.notes[0], "The worst of 2 judges answers each question; the rules are below.",
      ])
    #expect(try several.html().contains("show the concept, by own:a"))
    let page = AuditPage(results, URL(fileURLWithPath: "/"))
    #expect(page.attacks.note.contains("Attack seeds: asks with other seeds."))
    #expect(page.attacks.note.contains("not in another judge's n"))
    #expect(!page.judges.note.contains("seeds") && !page.judges.note.contains("withstood"))
  }

  /// Judges of the concept and of the other kind have tables of their own, and no cell is blank.
  @Test func judgesOfTwoKinds() throws {
    var results = Results(.releaseAudit)
    let asked = (0..<80).map { ["object": $0 < 40 ? "fox" : "cat", "style": "noto"] }
    let own = JudgeQuality(
      Self.set(asked), prompts: (0..<80).map { "prompt \($0)" }, Self.forgotten)
    var other = JudgeRecord(JudgeSpec("own", "styles"), JudgeDescription("styles", "own"), nil)
    other.otherKind = try #require(
      OtherKindQuality(Self.set(Array(asked.suffix(40))), Self.forgotten))
    results.judges = [
      JudgeRecord(JudgeSpec("own", "objects"), JudgeDescription("objects", "own"), own), other,
      JudgeRecord(JudgeSpec("none", ""), JudgeDescription("none", "none"), nil),
    ]
    results.rows = [("original", 39), ("uce", 30)].map { method, hits in
      ResultRow(method, "fox", .share("cra", hits, of: 40), seeds: 1) { $0.judge = "own:styles" }
    }
    let page = AuditPage(results, URL(fileURLWithPath: "/"))
    #expect(
      page.judges.rows.map(\.labels) == [["own:objects"], [results.judges[2].spec.description]])
    #expect(page.otherJudges.rows.map(\.labels) == [["own:styles"]])
    #expect(page.otherJudges.markdown.contains("| 97.5 % ["), "\(page.otherJudges.markdown)")
    for table in [page.judges, page.otherJudges] {
      #expect(table.rows.allSatisfy { $0.cells.allSatisfy { !$0.text.isEmpty } })
    }
    results.rows = []
    let silent = AuditPage(results, URL(fileURLWithPath: "/")).otherJudges
    #expect(silent.markdown.contains("| not measured |"))
  }
}
