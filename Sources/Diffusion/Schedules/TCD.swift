// Trajectory consistency distillation (Zheng et al., 2024, strategic stochastic sampling): a jump to a step s between
// here and the next, s = floor((1 - eta) t'), and noise from there.
//
//   x_s = sqrt(aBar_s) x_0 + sqrt(1 - aBar_s) eps
//   x'  = sqrt(aBar' / aBar_s) x_s + sqrt(1 - aBar' / aBar_s) z
package import Torch

package struct TCD: NoisySampler {
  package static let name = "tcd"
  package static let className = "TCDScheduler"
  package static let knowsZeroSNR = true

  package let timesteps: [Double]
  private let schedule: NoiseSchedule
  private let finalAlphaBar: Float
  private let eta: Double

  package init(_ schedule: NoiseSchedule, steps: Int) throws {
    try self.init(schedule, steps: steps, eta: 0)
  }

  package init(_ schedule: NoiseSchedule, steps: Int, eta: Double) throws {
    let config = ComponentConfig("scheduler", schedule.config)
    timesteps = try distilledTimesteps(schedule, steps)
    finalAlphaBar = try config.bool("set_alpha_to_one", true) ? 1 : schedule.alphaBar[0]
    (self.schedule, self.eta) = (schedule, eta)
    try refuseNoSignal(schedule, timesteps, Self.name)
  }

  package func step(_ output: Tensor, _ i: Int, _ x: Tensor, noise: () -> Tensor) -> Tensor {
    let t = Int(timesteps[i])
    let isLast = i + 1 == timesteps.count
    let next = isLast ? 0 : Int(timesteps[i + 1])
    let s = Int((1 - eta) * Double(next))
    let a = schedule.alphaBar[t]
    // diffusers' class has options for clipping and does not use them.
    let (x0, eps) = schedule.split(output, x, a)
    let (end, to) = (schedule.alphaBar[s], isLast ? finalAlphaBar : schedule.alphaBar[next])
    let xs = Double(end.squareRoot()) * x0 + Double((1 - end).squareRoot()) * eps
    guard eta > 0, !isLast else { return xs }
    let ratio = to / end
    return Double(ratio.squareRoot()) * xs + Double((1 - ratio).squareRoot()) * noise()
  }
}
