// DDIM (Song et al., 2021, eqs. 12 and 16):
//
//   x_{t-1} = sqrt(aBar_{t-1}) x0 + sqrt(1 - aBar_{t-1} - sigma^2) eps + sigma z
//   x0 = (x_t - sqrt(1 - aBar_t) eps) / sqrt(aBar_t)
//   sigma = eta sqrt((1 - aBar_{t-1}) / (1 - aBar_t) (1 - aBar_t / aBar_{t-1}))
//
// eta 0 is deterministic, eta 1 with every step is DDPM.
package import Torch

package struct DDIM: NoisySampler {
  package static let name = "ddim"
  package static let className = "DDIMScheduler"
  package static let knowsZeroSNR = true

  package let timesteps: [Double]
  private let schedule: NoiseSchedule
  private let stride: Int
  private let finalAlphaBar: Float
  private let clipping: Clipping
  private let eta: Double

  package init(_ schedule: NoiseSchedule, steps: Int) throws {
    try self.init(schedule, steps: steps, eta: 0)
  }

  /// - Parameter shift: added to every timestep; one of ``shifts(_:steps:)``
  package init(_ schedule: NoiseSchedule, steps: Int, eta: Double = 0, shift: Int) throws {
    try self.init(schedule, steps: steps, eta: eta, Double(shift))
  }

  /// The numbers by which all timesteps can move within those of the training: all shifts together meet each of
  /// those once.
  package static func shifts(_ schedule: NoiseSchedule, steps: Int) throws -> ClosedRange<Int> {
    let timesteps = try DDIM(schedule, steps: steps).timesteps
    let (low, high) = (Int(timesteps.min() ?? 0), Int(timesteps.max() ?? 0))
    let down = Swift.min(low, schedule.steps / steps - 1)
    let up = Swift.min(schedule.steps - 1 - high, schedule.steps / steps - 1 - down)
    return -down...Swift.max(-down, up)
  }

  package init(_ schedule: NoiseSchedule, steps: Int, eta: Double) throws {
    try self.init(schedule, steps: steps, eta: eta, 0)
  }

  private init(
    _ schedule: NoiseSchedule, steps: Int, eta: Double, _ shift: Double
  ) throws {
    try schedule.check()
    let config = ComponentConfig("scheduler", schedule.config)
    timesteps = try Spacing(schedule, fallback: "leading").timesteps(steps).roundedToEven
      .map { $0 + shift }
    stride = schedule.steps / steps
    _ = try config.bool("set_alpha_to_one", true)
    finalAlphaBar = Float(Self.finalAlphaBar(schedule))
    clipping = try Clipping(config, clips: true)
    try refuseNoSignal(schedule, timesteps, Self.name)
    (self.schedule, self.eta) = (schedule, eta)
  }

  /// alphaBar beyond the last step: 1, or that of the first timestep.
  package static func finalAlphaBar(_ schedule: NoiseSchedule) -> Double {
    schedule.config["set_alpha_to_one"]?.bool ?? true ? 1 : Double(schedule.alphaBar[0])
  }

  package func step(_ output: Tensor, _ i: Int, _ x: Tensor, noise: () -> Tensor) -> Tensor {
    let t = Int(timesteps[i])
    let a = schedule.alphaBar[t]
    let previous = t - stride >= 0 ? schedule.alphaBar[t - stride] : finalAlphaBar
    let (clean, eps) = schedule.split(output, x, a)
    let x0 = clipping(clean)
    let variance = (1 - previous) / (1 - a) * (1 - a / previous)
    let sigma = Float(eta) * variance.squareRoot()
    let direction = (1 - previous - sigma * sigma).squareRoot()
    let mean = Double(previous.squareRoot()) * x0 + Double(direction) * eps
    return sigma > 0 ? mean + Double(sigma) * noise() : mean
  }
}
