// Euler steps to a lower level than asked for, and fresh noise up to it (k-diffusion):
//
//   sigma_up^2 = sigma_{i+1}^2 (sigma_i^2 - sigma_{i+1}^2) / sigma_i^2,   sigma_down^2 = sigma_{i+1}^2 - sigma_up^2
package import Torch

package struct EulerAncestral: Sampler {
  package static let name = "euler-a"
  package static let className = "EulerAncestralDiscreteScheduler"
  package static let knowsZeroSNR = true

  package let timesteps: [Double]
  private let path: SigmaPath

  package init(_ schedule: NoiseSchedule, steps: Int) throws {
    guard schedule.prediction != .sample else {
      throw ComponentConfig("scheduler", schedule.config).refusing(
        "prediction_type", "euler-a supports epsilon, v_prediction")
    }
    path = try SigmaPath(schedule, steps, .init(zeroSNR: true))
    timesteps = path.timesteps
  }

  package var initialScale: Double { path.initialScale }
  package func input(_ x: Tensor, _ i: Int) -> Tensor { path.input(x, i) }

  package func step(_ output: Tensor, _ i: Int, _ x: Tensor, noise: () -> Tensor) -> Tensor {
    let (from, to) = (path.sigmas[i], path.sigmas[i + 1])
    let up = (to * to * (from * from - to * to) / (from * from)).squareRoot()
    let down = (to * to - up * up).squareRoot()
    let d = (x - path.denoised(output, x, i)) / Double(from)
    return x + d * Double(down - from) + noise() * Double(up)
  }
}
