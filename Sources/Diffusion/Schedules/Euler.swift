// Euler's method on the probability-flow ODE (Karras et al., 2022, algorithm 1 without churn):
//
//   x <- x + (sigma_{i+1} - sigma_i) d,   d = (x - x0) / sigma_i
public import Torch

public struct Euler: Sampler {
  public static let name = "euler"
  public static let className = "EulerDiscreteScheduler"

  public let timesteps: [Double]
  private let path: SigmaPath

  public init(_ schedule: NoiseSchedule, steps: Int) throws {
    path = try SigmaPath(schedule, steps)
    timesteps = path.timesteps
  }

  public var initialScale: Double { path.initialScale }
  public func input(_ x: Tensor, _ i: Int) -> Tensor { path.input(x, i) }

  public func step(_ output: Tensor, _ i: Int, _ x: Tensor, noise: () -> Tensor) -> Tensor {
    let d = (x - path.denoised(output, x, i)) / Double(path.sigmas[i])
    return x + d * Double(path.sigmas[i + 1] - path.sigmas[i])
  }
}
