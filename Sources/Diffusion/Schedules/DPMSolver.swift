// DPM-Solver++ (Lu et al., 2022, algorithm 2, and section 4.3 for its stochastic form); lambda = ln(alpha / sigma),
// h = lambda_t - lambda_s, r_i = h_{-i} / h, m_i the last predictions of x_0:
//
//   D_1 = (m_0 - m_1) / r_0                                                            (order 2)
//   x_t = (sigma_t / sigma_s) x_s - alpha_t (e^{-h} - 1) m_0 - alpha_t (e^{-h} - 1) D_1 / 2
//
// The heun form has alpha_t ((e^{-h} - 1) / h + 1) D_1 for the last term. DPM-Solver (Lu et al., 2022, NeurIPS) does
// the same with predictions of eps.
package import Torch

package struct DPMSolver: Sampler {
  package static let name = "dpm++2m"
  package static let className = "DPMSolverMultistepScheduler"
  package static let knowsZeroSNR = true

  package let timesteps: [Double]
  private let path: SolverSteps
  private var solver: MultistepSolver
  private let clipping: Clipping

  package init(_ schedule: NoiseSchedule, steps: Int) throws {
    try self.init(schedule, steps, algorithm: nil)
  }

  /// - Parameter algorithm: in the place of the configuration's
  init(_ schedule: NoiseSchedule, _ steps: Int, algorithm: MultistepSolver.Algorithm?) throws {
    let config = ComponentConfig("scheduler", schedule.config)
    try config.accept(["variance_type": [.null]])
    let end = try config.string("final_sigmas_type", "zero")
    guard ["zero", "sigma_min"].contains(end) else {
      throw config.refusing("final_sigmas_type", "zero, sigma_min")
    }
    path = try SolverSteps(
      schedule, steps, shapes: SigmaShape.allCases, end: end == "zero" ? .zero : .lowest,
      zeroSNR: true, clipsLambda: true, cutsCosine: true)
    solver = try MultistepSolver(path.levels, config, algorithm)
    timesteps = path.timesteps
    clipping = try Clipping(config, clips: nil)
  }

  package mutating func step(_ output: Tensor, _ i: Int, _ x: Tensor, noise: () -> Tensor) -> Tensor
  {
    let level = solver.levels[i]
    let x0 = clipping(path.denoised(output, x, level))
    return solver.step(x0, i, x, noise: noise)
  }
}

/// DPM-Solver++ 2M with fresh noise at every step.
package struct DPMSolverSDE2M: Sampler {
  package static let name = "dpm++2m-sde"
  package static let className = DPMSolver.className
  package static let knowsZeroSNR = true

  private var solver: DPMSolver
  package var timesteps: [Double] { solver.timesteps }

  package init(_ schedule: NoiseSchedule, steps: Int) throws {
    solver = try DPMSolver(schedule, steps, algorithm: .stochastic)
  }

  package mutating func step(_ output: Tensor, _ i: Int, _ x: Tensor, noise: () -> Tensor) -> Tensor
  {
    solver.step(output, i, x, noise: noise)
  }
}
