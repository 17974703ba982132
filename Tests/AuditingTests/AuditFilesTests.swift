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
        "| question | answer | number [95 % interval] | n | limit |",
        "| --- | --- | --- | --- | --- |",
        "| erased | gone \\| away | 80.0 % [49.0, 94.3] | 10 | at most 10 % |",
        "| kept | not measured |  |  |  |",
      ])
    #expect(files.csv.contains("m,esd,a|b,"))
  }
}
