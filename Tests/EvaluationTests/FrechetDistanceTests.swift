import Editing
import Evaluation
import TestSupport
import Testing
import Torch
import TorchNN

@Suite struct FrechetDistanceTests {
  let golden: [String: Tensor]
  init() throws { golden = try Fixtures.tensors("numbers.safetensors") }

  /// The expected value comes from scipy's sqrtm on the same rows.
  @Test func frechetDistance() throws {
    let value = try #require(
      FrechetDistance().measure(
        try JudgedPictures.golden("a"), forgotten: JudgedPictures.fox,
        reference: try JudgedPictures.golden("b")))
    #expect(abs(value.value - (try #require(golden["frechet"])).item) < 1e-6)
    let interval = try #require(value.interval)
    #expect(interval.lower <= value.value && value.value <= interval.upper && value.n == 64)
    #expect(interval.kind == .bootstrap95)
    let same = Gaussian((try JudgedPictures.golden("a")).features)
    #expect(same.distance(to: same) < 1e-6)
  }
}
