// Concepts that a model does not list, on the command line.
import Foundation
import TestSupport
import Testing

@Suite struct WordingCommandTests {
  private let program = TestedProgram()

  private func erase(_ more: String...) throws -> (code: Int32, out: String, error: String) {
    try program.run(
      [
        "erase", Fixtures.url("tiny-sd1").path, "--method", "ablation", "--out", "unused",
        "--dry-run",
      ] + more)
  }

  /// --dry-run prints every prompt with what becomes of it, and what is kept.
  @Test func dryRunsPrintPrompts() throws {
    let kind = try erase("--concept", "a fox", "--kind", "object")
    #expect(kind.code == 0)
    for part in [
      "'a photo of a fox' becomes 'a photo', in Concept Ablation 'a photo of an animal'",
      "of a cat;", "prompts to preserve", "\"kind\" : \"object\"",
    ] { #expect((kind.error + kind.out).contains(part), "\(part)") }
    #expect(!kind.error.contains("a a fox"))
    // Standard output is the request alone.
    #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(kind.out.utf8)) }
    let hand = try erase(
      "--concept", "Van Gogh", "--kind", "artist", "--prompt", "a painting by Van Gogh", "--anchor",
      "a painting",
      "--related", "Monet", "--unrelated", "a bus", "--preserve", "a red bus")
    #expect(hand.error.contains("'a painting by Van Gogh' becomes 'a painting'"))
    #expect(hand.error.contains("related: Monet") && hand.error.contains("unrelated: a bus"))
    #expect(hand.error.contains("1 prompt to preserve"))
  }

  @Test func refusals() throws {
    let kind = try erase("--concept", "fox", "--kind", "animal")
    #expect(kind.code == 2 && kind.error.contains("artist"))
    let empty = try erase("--concept", " ")
    #expect(empty.code == 2 && empty.error.contains("--concept"))
    let data = try erase("--concept", "fox", "--data", "x")
    #expect(data.code == 2 && data.error.contains("takes no pictures"))
    let bench = try program.run([
      "bench", "separability", "--model", "Models/emoji", "--kind", "artist", "--out", "unused",
    ])
    #expect(bench.code == 2 && bench.error.contains("accepted: object, style, both"))
    #expect(
      bench.error.contains("--model Models/emoji is now Models/emoji without an option's name."))
  }
}
