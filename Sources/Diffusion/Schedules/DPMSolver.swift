// DPM-Solver++ 2M (Lu et al., 2022, algorithm 2), lambda = log(alpha / sigma), h = lambda_t - lambda_s:
//
//   x_t = (sigma_t / sigma_s) x_s - alpha_t (e^{-h} - 1) D,   D = (1 + 1 / 2r) m_0 - (1 / 2r) m_1
internal import Foundation
package import Torch

package struct DPMSolver: Sampler {
  package static let name = "dpm++2m"
  package static let className = "DPMSolverMultistepScheduler"

  package let timesteps: [Double]
  private let schedule: NoiseSchedule
  private let sigmas: [Float]
  private let heun: Bool
  private var previous: Tensor?

  package init(_ schedule: NoiseSchedule, steps: Int) throws {
    let config = ComponentConfig("scheduler", schedule.config)
    let type = try config.string("solver_type", "midpoint")
    guard ["midpoint", "heun"].contains(type) else {
      throw config.refusing("solver_type", "supported: midpoint, heun")
    }
    heun = type == "heun"
    let spacing = try Spacing(schedule, fallback: "linspace")
    // One step more than asked for is laid out and the last, at 0, left away.
    timesteps =
      spacing.kind == "trailing"
      ? try spacing.timesteps(steps)
      : Array(try spacing.timesteps(steps + 1).roundedToEven.dropLast())
    let all = schedule.sigmas
    sigmas = timesteps.map { SigmaPath.interpolated(all, at: $0) } + [0]
    self.schedule = schedule
  }

  private struct Level {
    let alpha, sigma, lambda: Float
    init(_ ratio: Float) {
      alpha = 1 / (ratio * ratio + 1).squareRoot()
      sigma = ratio * alpha
      lambda = log(alpha) - log(sigma)
    }
  }

  package mutating func step(_ output: Tensor, _ i: Int, _ x: Tensor, noise: () -> Tensor) -> Tensor
  {
    let (s, t) = (Level(sigmas[i]), Level(sigmas[i + 1]))
    let m0: Tensor
    switch schedule.prediction {
    case .epsilon: m0 = (x - Double(s.sigma) * output) / Double(s.alpha)
    case .sample: m0 = output
    case .velocity: m0 = Double(s.alpha) * x - Double(s.sigma) * output
    }
    defer { previous = m0 }
    let h = t.lambda - s.lambda
    let decay = t.alpha * (exp(-h) - 1)
    let base = Double(t.sigma / s.sigma) * x - Double(decay) * m0
    let isLast = i == timesteps.count - 1
    guard let m1 = previous, !isLast else { return base }
    let r = (s.lambda - Level(sigmas[i - 1]).lambda) / h
    let d1 = Double(1 / r) * (m0 - m1)
    return heun
      ? base + Double(t.alpha * ((exp(-h) - 1) / h + 1)) * d1
      : base - Double(0.5 * decay) * d1
  }
}
