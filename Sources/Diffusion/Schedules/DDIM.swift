// DDIM (Song et al., 2021, eq. 12) with eta = 0:
//
//   x_{t-1} = sqrt(aBar_{t-1}) x0 + sqrt(1 - aBar_{t-1}) eps,   x0 = (x_t - sqrt(1 - aBar_t) eps) / sqrt(aBar_t)
public import Torch

public struct DDIM: Sampler {
  public static let name = "ddim"
  public static let className = "DDIMScheduler"

  public let timesteps: [Double]
  private let schedule: NoiseSchedule
  private let stride: Int
  private let finalAlphaBar: Float
  private let clip: Double?

  public init(_ schedule: NoiseSchedule, steps: Int) throws {
    let config = ComponentConfig("scheduler", schedule.config)
    timesteps = try Spacing(schedule, fallback: "leading").timesteps(steps).roundedToEven
    stride = schedule.steps / steps
    finalAlphaBar = try config.bool("set_alpha_to_one", true) ? 1 : schedule.alphaBar[0]
    clip = try config.bool("clip_sample", true) ? try config.number("clip_sample_range", 1) : nil
    self.schedule = schedule
  }

  public func step(_ output: Tensor, _ i: Int, _ x: Tensor, noise: () -> Tensor) -> Tensor {
    let t = Int(timesteps[i])
    let a = schedule.alphaBar[t]
    let previous = t - stride >= 0 ? schedule.alphaBar[t - stride] : finalAlphaBar
    var x0 = denoised(output, x, a, schedule.prediction)
    let eps: Tensor
    switch schedule.prediction {
    case .epsilon: eps = output
    case .sample: eps = (x - Double(a.squareRoot()) * x0) / Double((1 - a).squareRoot())
    case .velocity: eps = Double(a.squareRoot()) * output + Double((1 - a).squareRoot()) * x
    }
    if let clip { x0 = x0.clamped(-clip, clip) }
    return Double(previous.squareRoot()) * x0 + Double((1 - previous).squareRoot()) * eps
  }
}
