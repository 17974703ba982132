// Ancestral sampling (Ho et al., 2020, eqs. 6-7), with diffusers' strided steps:
//
//   x_{t-1} = (sqrt(aBar_p) beta / (1 - aBar_t)) x0 + (sqrt(alpha) (1 - aBar_p) / (1 - aBar_t)) x_t + sigma z
package import Torch

package struct DDPM: Sampler {
  package static let name = "ddpm"
  package static let className = "DDPMScheduler"
  package static let knowsZeroSNR = true

  package let timesteps: [Double]
  private let schedule: NoiseSchedule
  private let clipping: Clipping
  private let largeVariance: Bool

  package init(_ schedule: NoiseSchedule, steps: Int) throws {
    try schedule.check()
    let config = ComponentConfig("scheduler", schedule.config)
    let variance = try config.string("variance_type", "fixed_small")
    guard ["fixed_small", "fixed_small_log", "fixed_large"].contains(variance) else {
      throw config.refusing("variance_type", "fixed_small, fixed_small_log, fixed_large")
    }
    timesteps = try Spacing(schedule, fallback: "leading").timesteps(steps).roundedToEven
    clipping = try Clipping(config, clips: true)
    try refuseNoSignal(schedule, timesteps, Self.name)
    largeVariance = variance == "fixed_large"
    self.schedule = schedule
  }

  package func step(_ output: Tensor, _ i: Int, _ x: Tensor, noise: () -> Tensor) -> Tensor {
    let t = Int(timesteps[i])
    let a = schedule.alphaBar[t]
    let previous = i + 1 < timesteps.count ? schedule.alphaBar[Int(timesteps[i + 1])] : 1
    let alpha = a / previous
    let beta = 1 - alpha
    var x0 = denoised(output, x, a, schedule.prediction)
    x0 = clipping(x0)
    let ofX0 = previous.squareRoot() * beta / (1 - a)
    let ofX = alpha.squareRoot() * (1 - previous) / (1 - a)
    let mean = Double(ofX0) * x0 + Double(ofX) * x
    guard t > 0 else { return mean }
    let variance = largeVariance ? beta : max((1 - previous) / (1 - a) * beta, 1e-20)
    return mean + Double(variance.squareRoot()) * noise()
  }
}
