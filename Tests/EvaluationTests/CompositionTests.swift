import Testing
import Torch

@testable import Evaluation

@Suite struct CompositionTests {
  /// A pair counts where object and style are seen. Pictures of the forgotten object and of no style are left out.
  @Test func composition() throws {
    let asked = [
      JudgedPictures.pair("owl", "noto"), JudgedPictures.pair("owl", "line"),
      JudgedPictures.pair("cat", "noto"), JudgedPictures.pair("fox", "line"),
      ["object": "cat"],
    ]
    let seen = [
      JudgedPictures.pair("owl", "noto"), JudgedPictures.pair("owl", "noto"),
      JudgedPictures.pair("owl", "noto"), JudgedPictures.pair("fox", "line"),
      JudgedPictures.pair("cat", "line"),
    ]
    let value = try #require(
      Composition().measure(
        JudgedPictures.set(asked, seen), forgotten: JudgedPictures.fox, reference: nil))
    #expect(abs(value.value - 1.0 / 3) < 1e-12 && value.n == 3)
    let none = JudgedPictures.set([["object": "cat"]], [["object": "cat"]])
    #expect(Composition().measure(none, forgotten: JudgedPictures.fox, reference: nil) == nil)
  }
}
