// Euler's method on the probability-flow ODE (Karras et al., 2022, algorithm 1 without churn):
//
//   x <- x + (sigma_{i+1} - sigma_i) d,   d = (x - x0) / sigma_i
package import Torch

package struct Euler: Sampler {
  package static let name = "euler"
  package static let className = "EulerDiscreteScheduler"
  package static let knowsZeroSNR = true

  package let timesteps: [Double]
  private let path: SigmaPath

  package init(_ schedule: NoiseSchedule, steps: Int) throws {
    path = try SigmaPath(
      schedule, steps, .init(shapes: [.karras, .exponential, .beta], limits: true, zeroSNR: true))
    timesteps = path.timesteps
  }

  package var initialScale: Double { path.initialScale }
  package func input(_ x: Tensor, _ i: Int) -> Tensor { path.input(x, i) }

  package func step(_ output: Tensor, _ i: Int, _ x: Tensor, noise: () -> Tensor) -> Tensor {
    let d = (x - path.denoised(output, x, i)) / Double(path.sigmas[i])
    return x + d * Double(path.sigmas[i + 1] - path.sigmas[i])
  }
}
