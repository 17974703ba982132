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

  /// Features of a file stay on the CPU, and those of pictures that were just judged are on a GPU.
  @Test func devicesMayDiffer() throws {
    let rows = try JudgedPictures.golden("a").features
    let device = try Fixtures.gpu()
    let (here, there) = (Gaussian(rows), Gaussian(rows.to(device)))
    #expect(there.distance(to: here) < 1e-4 && here.distance(to: there) < 1e-4)
    let few = Gaussian(rows.narrowed(0, 0, 3).to(device))
    #expect(
      abs(few.distance(to: here) - Gaussian(rows.narrowed(0, 0, 3)).distance(to: here)) < 1e-4)
  }
}
