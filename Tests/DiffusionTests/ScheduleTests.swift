// Golden numbers computed in fp64 from the formulas (SD 1.4: scaled linear, 0.00085 to 0.012).
import Testing
import Torch

@testable import Diffusion

@Suite struct ScheduleTests {
  let schedule: NoiseSchedule
  init() throws {
    schedule = try NoiseSchedule([
      "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear",
      "num_train_timesteps": 1000, "set_alpha_to_one": false, "steps_offset": 1,
      "clip_sample": false, "skip_prk_steps": true,
    ])
  }

  @Test func alphaBar() {
    let expected: [Int: Float] = [
      0: 0.99915, 1: 0.99829603, 10: 0.99043131, 21: 0.98038075, 30: 0.97179897, 500: 0.27633268,
      941: 0.00911731, 961: 0.00728173, 981: 0.00577550, 999: 0.00466010,
    ]
    for (t, value) in expected { #expect(abs(schedule.alphaBar[t] - value) < 2e-6, "\(t)") }
  }

  @Test func timesteps() throws {
    #expect(try DDIM(schedule, steps: 50).timesteps.prefix(3) == [981, 961, 941])
    let pndm = try PNDM(schedule, steps: 50).timesteps
    #expect(pndm.count == 51 && pndm.prefix(4) == [981, 961, 961, 941] && pndm.last == 1)
    let lms = try LMS(schedule, steps: 50)
    #expect(abs(lms.timesteps[1] - 978.6122) < 1e-3 && abs(lms.initialScale - 14.61464) < 1e-4)
  }

  /// Every count of steps gives as many timesteps, all of them in the schedule; 12 trailing ones once gave 13.
  @Test(arguments: ["leading", "trailing", "linspace"]) func everyCount(_ kind: String) throws {
    var config = schedule.config
    config["timestep_spacing"] = .string(kind)
    let spacing = try Spacing(NoiseSchedule(config), fallback: "leading")
    for count in 1...(kind == "leading" ? 999 : 1000) {
      let found = try spacing.timesteps(count)
      #expect(found.count == count && found.allSatisfy { (0...999).contains($0) }, "\(count)")
    }
    if kind == "trailing" {
      #expect(try spacing.timesteps(12).prefix(3) == [999, 916, 832])
    }
  }

  @Test func multistepCoefficients() throws {
    let path = try SigmaPath(schedule, 50)
    let expected: [Int: [Double]] = [
      0: [-1.677868], 1: [-2.067463, 0.622335], 2: [-2.181723, 1.271881, -0.338893],
      3: [-2.165801, 1.815606, -0.906184, 0.173819],
      10: [-0.888505, 0.773000, -0.399628, 0.079583],
      49: [-0.038425, 0.025546, -0.024174, 0.007885],
    ]
    for (i, values) in expected {
      let c = LMS.coefficients(path.sigmas.map(Double.init), i, min(i + 1, 4))
      #expect(zip(c, values).allSatisfy { abs($0 - $1) < 2e-4 }, "\(i): \(c)")
    }
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

  @Test func unknownNamesAndCounts() {
    #expect(throws: LetheError.self) { try Samplers.named("dimm") }
    #expect(throws: LetheError.self) { try DDIM(schedule, steps: 0) }
    #expect(throws: LetheError.self) { try DDIM(schedule, steps: 1001) }
  }
}

extension Tensor {
  fileprivate func isClose(to other: Tensor, _ tolerance: Double) -> Bool {
    (self - other).abs().flattened().max(0).item < tolerance
  }
}
