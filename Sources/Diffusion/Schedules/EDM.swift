// Networks preconditioned as in Karras et al. (2022, table 1), x = x_0 + sigma eps, s the data's deviation:
//
//   c_in = 1 / sqrt(sigma^2 + s^2),   c_noise = ln(sigma) / 4
//   x_0 = c_skip x + c_out F(c_in x, c_noise),   c_skip = s^2 / (sigma^2 + s^2),   c_out = sigma s / sqrt(sigma^2 + s^2)
//
// For v-predictions c_out is negative.
internal import Foundation
package import Torch

/// The noise levels and the network's part in them.
struct EDMPath {
  /// One more than there are steps.
  let sigmas: [Float]
  let timesteps: [Double]
  let initialScale: Double
  private let deviation: Float
  private let prediction: NoiseSchedule.Prediction

  init(_ schedule: NoiseSchedule, _ steps: Int, maximum: Double) throws {
    if let refusal = schedule.refusal { throw refusal }
    guard (1...1000).contains(steps) else {
      throw LetheError.model("\(steps.counted("step")); accepted: 1 to 1000")
    }
    let config = ComponentConfig("scheduler", schedule.config)
    try config.accept(["final_sigmas_type": ["zero", "sigma_min"], "rho": [7]])
    let (lowest, highest) = (
      try config.positive("sigma_min", 0.002), try config.positive("sigma_max", maximum)
    )
    let name = try config.string("sigma_schedule", "karras")
    guard name == "karras" || name == "exponential" else {
      throw config.refusing("sigma_schedule", "karras, exponential")
    }
    guard schedule.prediction != .sample else {
      throw config.refusing("prediction_type", "epsilon, v_prediction")
    }
    let shape: SigmaShape = name == "karras" ? .karras : .exponential
    // diffusers lays the exponential levels out from the lowest, which is the one of a single step.
    let levels =
      steps == 1 && shape == .exponential
      ? [Float(lowest)] : shape.levels(steps, from: highest, to: lowest).map(Float.init)
    let isZero = try config.string("final_sigmas_type", "zero") == "zero"
    sigmas = levels + [isZero ? 0 : levels[levels.count - 1]]
    timesteps = levels.map { Double(0.25 * log($0)) }
    initialScale = (highest * highest + 1).squareRoot()
    deviation = Float(try config.positive("sigma_data", 0.5))
    prediction = schedule.prediction
  }

  func input(_ x: Tensor, _ i: Int) -> Tensor {
    x / Double((sigmas[i] * sigmas[i] + deviation * deviation).squareRoot())
  }

  func denoised(_ output: Tensor, _ x: Tensor, _ i: Int) -> Tensor {
    let (sigma, s) = (sigmas[i], deviation)
    let norm = sigma * sigma + s * s
    let out = sigma * s / norm.squareRoot()
    return Double(s * s / norm) * x + Double(prediction == .velocity ? -out : out) * output
  }
}

package struct EDMEuler: Sampler {
  package static let name = "edm-euler"
  package static let className = "EDMEulerScheduler"
  package static let isVariancePreserving = false

  package var timesteps: [Double] { path.timesteps }
  package var initialScale: Double { path.initialScale }
  private let path: EDMPath

  package init(_ schedule: NoiseSchedule, steps: Int) throws {
    path = try EDMPath(schedule, steps, maximum: 80)
  }

  package func input(_ x: Tensor, _ i: Int) -> Tensor { path.input(x, i) }

  package func step(_ output: Tensor, _ i: Int, _ x: Tensor, noise: () -> Tensor) -> Tensor {
    let d = (x - path.denoised(output, x, i)) / Double(path.sigmas[i])
    return x + d * Double(path.sigmas[i + 1] - path.sigmas[i])
  }
}

/// DPM-Solver++ over the same levels.
package struct EDMSolver: Sampler {
  package static let name = "edm-dpm++2m"
  package static let className = "EDMDPMSolverMultistepScheduler"
  package static let isVariancePreserving = false

  package var timesteps: [Double] { path.timesteps }
  package var initialScale: Double { path.initialScale }
  private let path: EDMPath
  private var solver: MultistepSolver
  private let clipping: Clipping

  package init(_ schedule: NoiseSchedule, steps: Int) throws {
    let config = ComponentConfig("scheduler", schedule.config)
    path = try EDMPath(schedule, steps, maximum: 80)
    solver = try MultistepSolver(path.sigmas.map(HalfLogSNR.init(exploding:)), config, nil)
    clipping = try Clipping(config, clips: nil)
  }

  package func input(_ x: Tensor, _ i: Int) -> Tensor { path.input(x, i) }

  package mutating func step(_ output: Tensor, _ i: Int, _ x: Tensor, noise: () -> Tensor) -> Tensor
  {
    solver.step(clipping(path.denoised(output, x, i)), i, x, noise: noise)
  }
}
