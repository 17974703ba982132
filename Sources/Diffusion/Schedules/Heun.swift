// Heun's method on the probability-flow ODE (Karras et al., 2022, algorithm 1 without churn):
//
//   x' = x + (sigma_{i+1} - sigma_i) d,   x <- x + (sigma_{i+1} - sigma_i) (d + d') / 2,   d = (x - x0) / sigma
//
// The last step, to 0, is Euler's.
package import Torch

package struct Heun: Sampler {
  package static let name = "heun"
  package static let className = "HeunDiscreteScheduler"

  /// Every timestep but the first twice.
  package let timesteps: [Double]
  private let path: SigmaPath
  private let clipping: Clipping
  /// Where the step began, and its direction there.
  private var begun: (x: Tensor, d: Tensor)?

  package init(_ schedule: NoiseSchedule, steps: Int) throws {
    path = try SigmaPath(schedule, steps, .init(shapes: [.karras, .exponential, .beta]))
    timesteps =
      path.timesteps.prefix(1) + path.timesteps.dropFirst().flatMap { [$0, $0] }
    clipping = try Clipping(
      ComponentConfig("scheduler", schedule.config), clips: false, thresholds: false)
  }

  package var initialScale: Double { path.initialScale }

  /// The noise level of evaluation `i`: its second half is at the end of the step.
  private func level(_ i: Int) -> Int { (i + 1) / 2 }

  package func input(_ x: Tensor, _ i: Int) -> Tensor { path.input(x, level(i)) }

  package mutating func step(_ output: Tensor, _ i: Int, _ x: Tensor, noise: () -> Tensor) -> Tensor
  {
    let k = level(i)
    let sigma = path.sigmas[k]
    let d = (x - clipping(path.denoised(output, x, k))) / Double(sigma)
    if let begun {
      self.begun = nil
      return begun.x + Double((sigma - path.sigmas[k - 1]) / 2) * (begun.d + d)
    }
    if i < timesteps.count - 1 { begun = (x, d) }
    return x + Double(path.sigmas[k + 1] - sigma) * d
  }
}
