// Golden numbers computed in fp64 from the formulas (SD 1.4: scaled linear, 0.00085 to 0.012).
import Testing
import Torch

@testable import Diffusion

@Suite struct NoiseScheduleTests {
  let schedule: NoiseSchedule
  init() throws { schedule = try .stableDiffusion() }

  @Test func alphaBar() {
    let expected: [Int: Float] = [
      0: 0.99915, 1: 0.99829603, 10: 0.99043131, 21: 0.98038075, 30: 0.97179897, 500: 0.27633268,
      941: 0.00911731, 961: 0.00728173, 981: 0.00577550, 999: 0.00466010,
    ]
    for (t, value) in expected { #expect(abs(schedule.alphaBar[t] - value) < 2e-6, "\(t)") }
  }

  /// Noising and reading the target back gives the original, for every prediction type.
  @Test(arguments: NoiseSchedule.Prediction.allCases)
  func targetsInvert(_ prediction: NoiseSchedule.Prediction) throws {
    var config = schedule.config
    config["prediction_type"] = .string(prediction.rawValue)
    let schedule = try NoiseSchedule(config)
    let g = Generator(seed: 1)
    let (x0, eps) = (Tensor.randn([3, 2, 4, 4], g), Tensor.randn([3, 2, 4, 4], g))
    for t in [0, 500, 999] {
      let at = Tensor([t, t, t])
      let xt = schedule.noised(x0, eps, at: at)
      let target = schedule.target(x0, eps, at: at)
      #expect(denoised(target, xt, schedule.alphaBar[t], prediction).isClose(to: x0, 2e-4))
    }
  }
}

extension Tensor {
  fileprivate func isClose(to other: Tensor, _ tolerance: Double) -> Bool {
    (self - other).abs().flattened().max(0).item < tolerance
  }
}
