// Golden numbers computed in fp64 from the formulas (SD 1.4: scaled linear, 0.00085 to 0.012).
import Testing
import Torch

@testable import Diffusion

@Suite struct LMSTests {
  let schedule: NoiseSchedule
  init() throws { schedule = try .stableDiffusion() }

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
}
