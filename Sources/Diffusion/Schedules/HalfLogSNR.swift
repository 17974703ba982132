// The common part of the solvers of Lu et al. (2022) and their relatives: noise levels as alpha, sigma and
// lambda = ln(alpha / sigma) of x = alpha x_0 + sigma eps.
internal import Foundation
internal import Torch

/// One noise level.
struct HalfLogSNR {
  let alpha, sigma, lambda: Float

  /// - Parameter ratio: sigma / alpha
  init(ratio: Float) {
    alpha = 1 / (ratio * ratio + 1).squareRoot()
    sigma = ratio * alpha
    lambda = log(alpha) - log(sigma)
  }

  /// x = x_0 + sigma eps, whose alpha is 1 (Karras et al., 2022).
  init(exploding sigma: Float) {
    (alpha, self.sigma) = (1, sigma)
    lambda = -log(sigma)
  }
}

/// The steps of a multistep solver: whole timesteps, and one more noise level than there are steps.
struct SolverSteps {
  let timesteps: [Double]
  /// sigma / alpha
  let ratios: [Float]
  let prediction: NoiseSchedule.Prediction
  var levels: [HalfLogSNR] { ratios.map(HalfLogSNR.init(ratio:)) }

  /// The noise level after the last step.
  enum End {
    case zero
    /// The lowest of training.
    case lowest
    /// The lowest of training, or the last step's own where levels have another shape than in training.
    case lowestOrRepeated
  }

  /// - Parameters:
  ///   - limits: whether the class knows `sigma_min` and `sigma_max`
  ///   - zeroSNR: whether it knows `rescale_betas_zero_snr`
  ///   - clipsLambda: whether it knows `lambda_min_clipped`
  ///   - cutsCosine: whether it cuts the timesteps of Karras's levels to whole numbers on the cosine schedule, where
  ///     others round them
  init(
    _ schedule: NoiseSchedule, _ count: Int, shapes: [SigmaShape], end: End, limits: Bool = false,
    zeroSNR: Bool = false, clipsLambda: Bool = false, cutsCosine: Bool = false
  ) throws {
    try schedule.check()
    let config = ComponentConfig("scheduler", schedule.config)
    let all = SigmaPath.sigmas(schedule, knowsZeroSNR: zeroSNR)
    let logs = all.map { log($0) }
    // Minus infinity is what diffusers writes for no limit.
    let limit = clipsLambda ? config.json["lambda_min_clipped"] : nil
    guard let lowestLambda = (limit ?? .null) == .null ? -Double.infinity : limit?.number,
      !lowestLambda.isNaN
    else { throw config.refusing("lambda_min_clipped", "a number") }
    // Steps whose lambda is below the limit come last and are left away.
    let last = all.count - logs.reversed().prefix { Double(-$0) < lowestLambda }.count
    guard last > 1 else {
      throw config.refusing("lambda_min_clipped", "no step of the schedule is above it")
    }
    let whole = try Self.timesteps(schedule, count, last: last)
    let shape = try SigmaShape.asked(config, of: shapes)
    if let shape {
      var (highest, lowest) = (Double(all[all.count - 1]), Double(all[0]))
      if limits {
        highest = try config.positive("sigma_max", highest)
        lowest = try config.positive("sigma_min", lowest)
      }
      let levels =
        shape == .lu
        ? SigmaShape.luLevels(count, logs) : shape.levels(count, from: highest, to: lowest)
      let rounds =
        (shape == .karras || shape == .lu)
        && !(cutsCosine && config.json["beta_schedule"]?.string == "squaredcos_cap_v2")
      timesteps = levels.map {
        let t = SigmaShape.timestep(of: $0, logs)
        return rounds ? t.rounded(.toNearestOrEven) : t.rounded(.towardZero)
      }
      ratios =
        levels.map(Float.init) + [Self.end(end, all, repeated: levels.last.map { Float($0) })]
    } else {
      timesteps = whole
      ratios =
        whole.map { SigmaPath.interpolated(all, at: $0) } + [Self.end(end, all, repeated: nil)]
    }
    prediction = schedule.prediction
  }

  private static func end(_ end: End, _ all: [Float], repeated: Float?) -> Float {
    switch end {
    case .zero: 0
    case .lowest: all[0]
    case .lowestOrRepeated: repeated ?? all[0]
    }
  }

  /// One step more than asked for is laid out and the last, at 0, left away.
  private static func timesteps(_ schedule: NoiseSchedule, _ count: Int, last: Int) throws
    -> [Double]
  {
    let spacing = try Spacing(schedule, fallback: "linspace")
    guard count >= 1, count < schedule.steps else {
      throw LetheError.model("\(count.counted("step")); accepted: 1 to \(schedule.steps - 1)")
    }
    switch spacing.kind {
    case "linspace":
      return (1...count).reversed().map {
        (Double($0) * Double(last - 1) / Double(count)).rounded(.toNearestOrEven)
      }
    case "leading":
      let ratio = last / (count + 1)
      guard ratio > 0, count * ratio + spacing.offset < schedule.steps else {
        throw LetheError.model(
          "\(count.counted("step")) with an offset of \(spacing.offset) go beyond the \(schedule.steps) of the schedule"
        )
      }
      return (1...count).reversed().map { Double($0 * ratio + spacing.offset) }
    default:
      let ratio = Double(schedule.steps) / Double(count)
      return (0..<count).map { Double(last) - Double($0) * ratio }.filter { $0 > 1e-9 }
        .map { $0.rounded(.toNearestOrEven) - 1 }
    }
  }

  /// x_0 from a network output at step `i`.
  func denoised(_ output: Tensor, _ x: Tensor, _ level: HalfLogSNR) -> Tensor {
    prediction.denoised(
      output, x, signal: Double(level.alpha), noise: Double(level.sigma))
  }
}
