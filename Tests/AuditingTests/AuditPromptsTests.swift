import Diffusion
import Evaluation
import Foundation
import TestSupport
import Testing
import Torch
import WorkbenchSupport

@testable import Auditing
@testable import Workbench
@testable import Workflows

@Suite struct AuditPromptsTests {
  private static func file(_ folder: URL, prompts: Int) throws -> String {
    let file = folder.appendingPathComponent("prompts.csv")
    let own = (0..<prompts).flatMap { i in [7, 8].map { "a fox, number \(i),\($0),yes" } }
    let others = (0..<4).map { "a cat, number \($0),9,no" }
    let rows = (own + others).map {
      "\"\($0.split(separator: ",").prefix(2).joined(separator: ","))\","
        + $0.split(separator: ",").suffix(2).joined(separator: ",")
    }
    try Data((["prompt,seed,forget"] + rows).joined(separator: "\n").utf8).write(to: file)
    return file.path
  }

  /// Half of a file's prompts for the concept is judged, all seeds of a prompt together; the fine-tuning has the other half, and
  /// no prompt to keep is left out.
  @Test func promptsOfFilesAreHalved() throws {
    try Fixtures.temporaryFolder { folder in
      let model = try Tiny.plainModel(folder)
      var audit = try Audit(
        Tiny.job(model, "uce", "fox"), judges: [AuditTests.judge], AuditTests.size)
      audit.request.file = try Self.file(folder, prompts: 10)
      var notes: [String] = []
      let (suite, rest) = try audit.halved(on: .cpu) { $0.map { notes.append($0) } }
      let judged = Set(suite.ofConcept.map(\.prompt))
      #expect(judged.count == 5 && suite.ofConcept.count == 10 && rest.count == 5)
      #expect(judged.isDisjoint(with: rest))
      #expect(judged.union(rest).count == 10)
      #expect(suite.others.count { $0.prompt.hasPrefix("a cat, number") } == 4)
      #expect(
        notes.contains {
          $0.hasPrefix("5 of 10 prompts of prompts.csv are judged, chosen by the seed")
        }, "\(notes)")
      // The seed chooses, and the same seed the same half.
      func half(_ seed: UInt64) throws -> Set<String> {
        audit.seed = seed
        return Set(try audit.halved(on: .cpu) { _ in }.suite.ofConcept.map(\.prompt))
      }
      #expect(try half(0) == judged)
      #expect(try Set((1...8).map { try half($0) }).count > 1)
      // Three prompts are too few to be halved.
      audit.request.file = try Self.file(folder, prompts: 3)
      notes = []
      let few = try audit.halved(on: .cpu) { $0.map { notes.append($0) } }
      #expect(
        notes.contains {
          $0.hasPrefix("3 different prompts of prompts.csv are too few to be halved")
        },
        "\(notes)")
      let plan = try audit.plan(
        in: RunFolder(folder.appendingPathComponent("audit")), on: .cpu
      ) { _ in }
      #expect(plan.contains("attacks: none, random on 2 prompts"), "\(plan)")
      audit.request.file = try Self.file(folder, prompts: 1)
      let one = try audit.plan(
        in: RunFolder(folder.appendingPathComponent("audit")), on: .cpu
      ) { _ in }
      #expect(one.contains("attacks: none, random on 1 prompt, 2 pictures"), "\(one)")
      #expect(plan[0].contains("(no prompt is left for the fine-tuning's pictures)"), "\(plan[0])")
      #expect(Set(few.suite.ofConcept.map(\.prompt)).count == 3 && few.rest.isEmpty)
    }
  }
}
