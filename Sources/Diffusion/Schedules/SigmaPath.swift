internal import Torch

/// The common part of samplers over sigma: noise levels interpolated at the chosen timesteps.
struct SigmaPath {
  let timesteps: [Double]
  /// One more than there are steps; the last is 0.
  let sigmas: [Float]
  let initialScale: Double
  private let prediction: NoiseSchedule.Prediction

  init(_ schedule: NoiseSchedule, _ steps: Int) throws {
    let spacing = try Spacing(schedule, fallback: "linspace")
    // diffusers holds the timesteps of these samplers in single precision.
    timesteps = try spacing.timesteps(steps).map { Double(Float($0)) }
    let all = schedule.sigmas
    sigmas = timesteps.map { Self.interpolated(all, at: $0) } + [0]
    let highest = Double(sigmas.max() ?? 0)
    initialScale = spacing.kind == "leading" ? (highest * highest + 1).squareRoot() : highest
    prediction = schedule.prediction
  }

  static func interpolated(_ values: [Float], at t: Double) -> Float {
    let low = min(max(Int(t), 0), values.count - 1)
    let high = min(low + 1, values.count - 1)
    let (a, b) = (Double(values[low]), Double(values[high]))
    return Float(a + (b - a) * (t - Double(low)))
  }

  func input(_ x: Tensor, _ i: Int) -> Tensor {
    x / Double((sigmas[i] * sigmas[i] + 1).squareRoot())
  }

  func denoised(_ output: Tensor, _ x: Tensor, _ i: Int) -> Tensor {
    let sigma = sigmas[i]
    switch prediction {
    case .epsilon: return x - Double(sigma) * output
    case .sample: return output
    case .velocity:
      let scale = sigma * sigma + 1
      return output * Double(-sigma / scale.squareRoot()) + x / Double(scale)
    }
  }
}
