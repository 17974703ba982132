import Diffusion
import Foundation
import TestSupport
import Testing

@Suite struct CutPromptsTests {
  /// One note counts a file's prompts that do not fit and names the words that are lost.
  @Test func cutPrompts() throws {
    let layout = try Layout(folder: Fixtures.url("tiny-sd1"))
    let long = String(repeating: "the ", count: 75) + "fox"
    #expect(layout.cut(["a fox", long.replacing(" fox", with: "")]) == nil)
    let cut = try #require(layout.cut(["a fox", long, "a fox", long, long + " cat"]))
    #expect(cut.count == 2 && cut.total == 3 && cut.lost == ["fox"] && cut.room == 75)
    #expect(cut.note.contains("2 of 3 prompts"))
    #expect(try Layout(folder: Fixtures.url("tiny-ddpm")).cut(["anything at all"]) == nil)
  }
}
