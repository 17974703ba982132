import Testing
import Torch

@testable import Diffusion

@Suite struct ClippingTests {
  /// |x| of the first picture has the .9-quantile 3.7, above the limit; of the second 1.85; of the third .37, for
  /// which 1 stands.
  @Test func eachPictureHasItsOwnThreshold() throws {
    let clipping = try Clipping(
      ComponentConfig(
        "scheduler",
        [
          "thresholding": true, "dynamic_thresholding_ratio": 0.9, "sample_max_value": 2.5,
        ]), clips: true)
    let x = Tensor([1, -2, 3, -4] as [Float]).reshaped([1, 1, 2, 2])
    let found = clipping(Tensor.concatenate([x, 0.5 * x, 0.1 * x]))
    let expected: [Float] = [
      0.4, -0.8, 1, -1, 0.5 / 1.85, -1 / 1.85, 1.5 / 1.85, -1, 0.1, -0.2, 0.3, -0.4,
    ]
    #expect(found.shape == [3, 1, 2, 2])
    #expect(zip(found.floats, expected).allSatisfy { abs($0 - $1) < 1e-6 })
  }
}
