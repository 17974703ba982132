import Editing
import Evaluation
import TestSupport
import Testing
import Torch
import TorchNN

@Suite struct PrecisionRecallTests {
  let golden: [String: Tensor]
  init() throws { golden = try Fixtures.tensors("numbers.safetensors") }

  @Test func precisionAndRecall() throws {
    let p = try #require(
      Precision().measure(
        try JudgedPictures.golden("a"), forgotten: JudgedPictures.fox,
        reference: try JudgedPictures.golden("b")))
    let r = try #require(
      Recall().measure(
        try JudgedPictures.golden("a"), forgotten: JudgedPictures.fox,
        reference: try JudgedPictures.golden("b")))
    #expect(abs(p.value - (try #require(golden["precision"])).item) < 1e-9 && p.n == 64)
    #expect(abs(r.value - (try #require(golden["recall"])).item) < 1e-9 && r.n == 80)
  }
}
