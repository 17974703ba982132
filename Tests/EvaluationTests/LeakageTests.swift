import Testing
import Torch

@testable import Evaluation

@Suite struct LeakageTests {
  /// Foxes in pictures of foxes are no leak.
  @Test func leakage() throws {
    let asked = [
      JudgedPictures.pair("fox", "noto"), JudgedPictures.pair("owl", "noto"),
      JudgedPictures.pair("cat", "noto"), JudgedPictures.pair("cat", "line"),
    ]
    let seen = [
      JudgedPictures.pair("fox", "noto"), JudgedPictures.pair("fox", "noto"),
      JudgedPictures.pair("cat", "noto"), JudgedPictures.pair("cat", "line"),
    ]
    let value = try #require(
      Leakage().measure(
        JudgedPictures.set(asked, seen), forgotten: JudgedPictures.fox, reference: nil))
    #expect(abs(value.value - 1.0 / 3) < 1e-12 && value.n == 3)
  }
}
