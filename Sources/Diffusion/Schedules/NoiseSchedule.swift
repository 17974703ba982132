public import Torch

/// The forward process: how much signal is left at each training step, and what the network predicts.
///
///   x_t = sqrt(alphaBar_t) x_0 + sqrt(1 - alphaBar_t) eps                (Ho et al., 2020, eq. 4)
public struct NoiseSchedule: Sendable {
  public enum Prediction: String, Sendable, CaseIterable {
    case epsilon
    case sample
    /// v = sqrt(alphaBar) eps - sqrt(1 - alphaBar) x_0              (Salimans & Ho, 2022)
    case velocity = "v_prediction"
  }
  /// Prod_{i <= t} (1 - beta_i), t = 0 ..< 1000.
  public let alphaBar: [Float]
  public let prediction: Prediction
  /// `scheduler_config.json` as it was read; samplers take their options from it.
  package let config: JSON

  private static let accepted: [String: [JSON]] = [
    "thresholding": [false], "rescale_betas_zero_snr": [false], "trained_betas": [.null],
    "use_karras_sigmas": [false, .null], "use_exponential_sigmas": [false, .null],
    "use_beta_sigmas": [false, .null], "use_lu_lambdas": [false, .null],
    "use_flow_sigmas": [false, .null], "interpolation_type": ["linear"],
    "timestep_type": ["discrete"], "sigma_min": [.null], "sigma_max": [.null],
    "final_sigmas_type": ["zero"], "euler_at_final": [false], "solver_order": [2],
    "algorithm_type": ["dpmsolver++"],
  ]

  package init(_ json: JSON) throws {
    let config = ComponentConfig("scheduler", json)
    try config.accept(Self.accepted)
    if let name = json["_class_name"]?.string, Samplers.byClassName(name) == nil {
      throw config.refusing(
        "_class_name", "supported: \(Samplers.all.map { $0.className }.joined(separator: ", "))")
    }
    let steps = try config.int("num_train_timesteps", 1000)
    let (start, end) = (
      try config.positive("beta_start", 0.0001, below: 1),
      try config.positive("beta_end", 0.02, below: 1)
    )
    let beta: Tensor
    switch try config.string("beta_schedule", "linear") {
    case "linear": beta = .linspace(start, end, steps)
    case "scaled_linear":
      beta = Tensor.linspace(start.squareRoot(), end.squareRoot(), steps).pow(2)
    default: throw config.refusing("beta_schedule", "supported: linear, scaled_linear")
    }
    alphaBar = (1 - beta).cumulativeProduct(0).floats
    guard let prediction = Prediction(rawValue: try config.string("prediction_type", "epsilon"))
    else {
      throw config.refusing(
        "prediction_type",
        "supported: \(Prediction.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    (self.prediction, self.config) = (prediction, json)
    guard try config.int("steps_offset", 0) < alphaBar.count else {
      throw config.refusing("steps_offset", "a whole number below \(alphaBar.count) is needed")
    }
    guard let last = alphaBar.last, last > 0 else {
      throw config.refusing(
        "beta_end", "a smaller one is needed, because no signal is left after \(steps) steps")
    }
  }

  public var steps: Int { alphaBar.count }

  /// sqrt((1 - alphaBar) / alphaBar) of every training step.
  package var sigmas: [Float] { alphaBar.map { ((1 - $0) / $0).squareRoot() } }

  /// alphaBar at `t` [B] as [B, 1, 1, 1].
  private func alphaBar(at t: Tensor, like x: Tensor) -> Tensor {
    Tensor(alphaBar).to(x.device).indexed(0, t.to(.int64)).reshaped(-1, 1, 1, 1)
  }

  /// x_t from x_0 [B, C, H, W] and eps, t [B].
  public func noised(_ x0: Tensor, _ eps: Tensor, at t: Tensor) -> Tensor {
    let a = alphaBar(at: t, like: x0)
    return a.sqrt() * x0 + (1 - a).sqrt() * eps
  }

  /// The network's target for x_t.
  public func target(_ x0: Tensor, _ eps: Tensor, at t: Tensor) -> Tensor {
    switch prediction {
    case .epsilon: return eps
    case .sample: return x0
    case .velocity:
      let a = alphaBar(at: t, like: x0)
      return a.sqrt() * eps - (1 - a).sqrt() * x0
    }
  }

  /// min(SNR, gamma) weights of Hang et al. (2023), per sample [B].
  package func minSNRWeights(at t: Tensor, gamma: Double) -> Tensor {
    let a = Tensor(alphaBar).to(t.device).indexed(0, t.to(.int64))
    let snr = a / (1 - a)
    switch prediction {
    case .epsilon: return snr.clamped(nil, gamma) / snr
    case .sample: return snr.clamped(nil, gamma)
    case .velocity: return snr.clamped(nil, gamma) / (snr + 1)
    }
  }
}
