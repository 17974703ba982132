// DPM-Solver++ SDE (k-diffusion): two evaluations a step, the second in the middle of ln sigma, each followed by fresh
// noise as in Euler's ancestral steps:
//
//   up = min(to, sqrt(to^2 (from^2 - to^2) / from^2)),   down = sqrt(to^2 - up^2)
//   x' = (down / from) x - (down / from - 1) x_0 + up z
//
// diffusers draws z from a Brownian tree; here each is drawn from the picture's generator, so that noise differs.
internal import Foundation
package import Torch

package struct DPMSolverSDE: Sampler {
  package static let name = "dpm++sde"
  package static let className = "DPMSolverSDEScheduler"

  /// Every timestep but the last is followed by that of the middle.
  package let timesteps: [Double]
  private let path: SigmaPath
  private let middles: [Float]
  private var begun: Tensor?

  package init(_ schedule: NoiseSchedule, steps: Int) throws {
    path = try SigmaPath(schedule, steps, .init(shapes: [.karras, .exponential, .beta]))
    middles = zip(path.sigmas, path.sigmas.dropFirst()).dropLast().map { ($0 * $1).squareRoot() }
    let between = middles.map { [path] in
      Double(Float(SigmaShape.timestep(of: Double($0), path.logs)))
    }
    timesteps = zip(path.timesteps, between).flatMap { [$0, $1] } + path.timesteps.suffix(1)
  }

  package var initialScale: Double { path.initialScale }

  private func sigma(_ i: Int) -> Float { i % 2 == 0 ? path.sigmas[i / 2] : middles[i / 2] }

  package func input(_ x: Tensor, _ i: Int) -> Tensor { SigmaPath.input(x, sigma(i)) }

  package mutating func step(_ output: Tensor, _ i: Int, _ x: Tensor, noise: () -> Tensor) -> Tensor
  {
    let x0 = path.denoised(output, x, at: sigma(i))
    let k = i / 2
    let from = path.sigmas[k]
    if let begun {
      self.begun = nil
      return ancestral(begun, x0, from: from, to: path.sigmas[k + 1], noise)
    }
    guard k < middles.count else {
      // To 0: Euler.
      return x + Double(path.sigmas[k + 1] - from) * ((x - x0) / Double(from))
    }
    begun = x
    return ancestral(x, x0, from: from, to: middles[k], noise)
  }

  private func ancestral(
    _ x: Tensor, _ x0: Tensor, from: Float, to: Float, _ noise: () -> Tensor
  ) -> Tensor {
    let up = min(to, (to * to * (from * from - to * to) / (from * from)).squareRoot())
    let down = (to * to - up * up).squareRoot()
    let ratio = Double(down / from)
    return ratio * x - (ratio - 1) * x0 + Double(up) * noise()
  }
}
