internal import Foundation
internal import Torch

/// The common part of samplers over sigma that evaluate at the chosen timesteps, fractional ones included.
struct SigmaPath {
  let timesteps: [Double]
  /// One more than there are steps; the last is 0, or the lowest of training.
  let sigmas: [Float]
  let initialScale: Double
  /// ln sigma of every training step, ascending.
  let logs: [Float]
  let prediction: NoiseSchedule.Prediction

  /// Options that a class of diffusers knows beside the spacing of its steps.
  struct Known {
    var shapes: [SigmaShape] = []
    /// `final_sigmas_type`, `sigma_min`, `sigma_max` and `timestep_type`.
    var limits = false
    var zeroSNR = false
  }

  init(_ schedule: NoiseSchedule, _ steps: Int, _ known: Known = Known()) throws {
    try schedule.check()
    let config = ComponentConfig("scheduler", schedule.config)
    let spacing = try Spacing(schedule, fallback: "linspace")
    let all = Self.sigmas(schedule, knowsZeroSNR: known.zeroSNR)
    logs = all.map { log($0) }
    let chosen = try spacing.timesteps(steps)
    var levels = chosen.map { Double(Self.interpolated(all, at: Double(Float($0)))) }
    var times = chosen
    if let shape = try SigmaShape.asked(config, of: known.shapes) {
      let own = known.limits
      let (lowest, highest) = (levels[levels.count - 1], levels[0])
      levels = shape.levels(
        steps, from: try own ? config.positive("sigma_max", highest) : highest,
        to: try own ? config.positive("sigma_min", lowest) : lowest)
      times = levels.map { [logs] in SigmaShape.timestep(of: $0, logs) }
    }
    if known.limits, try config.string("timestep_type", "discrete") == "continuous",
      schedule.prediction == .velocity
    {
      times = levels.map { 0.25 * log($0) }
    }
    if known.limits {
      try config.accept([
        "interpolation_type": ["linear"], "timestep_type": ["discrete", "continuous"],
        "final_sigmas_type": ["zero", "sigma_min"],
      ])
    }
    // diffusers holds the timesteps of these samplers in single precision.
    timesteps = times.map { Double(Float($0)) }
    let isLowest = try known.limits && config.string("final_sigmas_type", "zero") == "sigma_min"
    sigmas = levels.map(Float.init) + [isLowest ? all[0] : 0]
    let first = Double(sigmas.max() ?? 0)
    initialScale = spacing.kind == "leading" ? (first * first + 1).squareRoot() : first
    prediction = schedule.prediction
  }

  /// Signal that is left at the last step of a schedule without any, so that its sigma is finite.
  private static let leastSignal: Float = 0x1p-24

  /// sigma of every training step.
  /// - Parameter knowsZeroSNR: whether the sampler knows `rescale_betas_zero_snr`
  static func sigmas(_ schedule: NoiseSchedule, knowsZeroSNR: Bool) -> [Float] {
    // A schedule that was not rescaled may end with less signal, and keeps it.
    guard knowsZeroSNR, schedule.alphaBar.last == 0 else {
      return NoiseSchedule.sigmas(schedule.plainAlphaBar)
    }
    return NoiseSchedule.sigmas(schedule.alphaBar.dropLast() + [leastSignal])
  }

  static func interpolated(_ values: [Float], at t: Double) -> Float {
    let low = min(max(Int(t), 0), values.count - 1)
    let high = min(low + 1, values.count - 1)
    let (a, b) = (Double(values[low]), Double(values[high]))
    return Float(a + (b - a) * (t - Double(low)))
  }

  func input(_ x: Tensor, _ i: Int) -> Tensor { Self.input(x, sigmas[i]) }

  static func input(_ x: Tensor, _ sigma: Float) -> Tensor {
    x / Double((sigma * sigma + 1).squareRoot())
  }

  func denoised(_ output: Tensor, _ x: Tensor, _ i: Int) -> Tensor {
    denoised(output, x, at: sigmas[i])
  }

  /// x_0 from x = x_0 + sigma eps.
  func denoised(_ output: Tensor, _ x: Tensor, at sigma: Float) -> Tensor {
    switch prediction {
    case .epsilon: return x - Double(sigma) * output
    case .sample: return output
    case .velocity:
      let scale = sigma * sigma + 1
      return output * Double(-sigma / scale.squareRoot()) + x / Double(scale)
    }
  }
}
