// Sampling of latent consistency models (Luo et al., 2023, algorithm 3): few of the steps that the model was distilled
// over; the network's guess is mixed with x, and noise is added up to the next step.
//
//   d = c_out x_0 + c_skip x,   c_skip = .25 / ((10 t)^2 + .25),   c_out = 10 t / sqrt((10 t)^2 + .25)
//   x' = sqrt(aBar') d + sqrt(1 - aBar') z, and d at the end
package import Torch

package struct LCM: Sampler {
  package static let name = "lcm"
  package static let className = "LCMScheduler"
  package static let knowsZeroSNR = true

  package let timesteps: [Double]
  private let schedule: NoiseSchedule
  private let scaling: Double
  private let clipping: Clipping

  package init(_ schedule: NoiseSchedule, steps: Int) throws {
    let config = ComponentConfig("scheduler", schedule.config)
    timesteps = try distilledTimesteps(schedule, steps)
    scaling = try config.positive("timestep_scaling", 10)
    clipping = try Clipping(config, clips: false)
    self.schedule = schedule
    try refuseNoSignal(schedule, timesteps, Self.name)
  }

  package func step(_ output: Tensor, _ i: Int, _ x: Tensor, noise: () -> Tensor) -> Tensor {
    let t = timesteps[i] * scaling
    let x0 = clipping(
      denoised(output, x, schedule.alphaBar[Int(timesteps[i])], schedule.prediction))
    let (skip, out) = (0.25 / (t * t + 0.25), t / (t * t + 0.25).squareRoot())
    let d = out * x0 + skip * x
    guard i + 1 < timesteps.count else { return d }
    let next = schedule.alphaBar[Int(timesteps[i + 1])]
    return Double(next.squareRoot()) * d + Double((1 - next).squareRoot()) * noise()
  }
}

/// `count` of the steps that a consistency model was distilled over (`original_inference_steps`), descending.
func distilledTimesteps(_ schedule: NoiseSchedule, _ count: Int) throws -> [Double] {
  try schedule.check()
  let config = ComponentConfig("scheduler", schedule.config)
  let original = try config.int("original_inference_steps", 50)
  guard (1...schedule.steps).contains(original) else {
    throw config.refusing("original_inference_steps", "accepted: 1 to \(schedule.steps)")
  }
  guard (1...original).contains(count) else {
    throw LetheError.model(
      "\(count.counted("step")) with a model distilled over \(original); accepted: 1 to \(original)"
    )
  }
  let ratio = schedule.steps / original
  return (0..<count).map { k in
    Double((original - k * original / count) * ratio - 1)
  }
}
