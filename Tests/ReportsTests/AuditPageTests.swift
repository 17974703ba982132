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
