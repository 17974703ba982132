internal import Foundation
public import Torch

/// The forward process: the share of signal at each training step, and the quantity that the network predicts.
///
///   x_t = sqrt(alphaBar_t) x_0 + sqrt(1 - alphaBar_t) eps                (Ho et al., 2020, eq. 4)
public struct NoiseSchedule: Sendable {
  /// The target that a network predicts.
  public enum Prediction: String, Sendable, CaseIterable {
    case epsilon
    case sample
    /// v = sqrt(alphaBar) eps - sqrt(1 - alphaBar) x_0              (Salimans & Ho, 2022)
    case velocity = "v_prediction"
  }
  /// Prod_{i <= t} (1 - beta_i), t = 0 ..< 1000.
  public let alphaBar: [Float]
  /// The same before it was rescaled to no signal at the last step; samplers that do not know of that use it.
  package let plainAlphaBar: [Float]
  /// The target that the model's network predicts.
  public let prediction: Prediction
  /// `scheduler_config.json` as it was read; samplers take their options from it.
  package let config: JSON
  /// The reason why pictures can be neither drawn nor noised by it. Erasers in closed form need no schedule.
  package let refusal: LetheError?

  /// - Throws: ``LetheError`` for values that no schedule can have. An unknown class or kind of schedule is no error
  ///   before something is drawn; see ``check()``
  package init(_ json: JSON) throws {
    let config = ComponentConfig("scheduler", json)
    var refusal: LetheError?
    if let name = json["_class_name"]?.string, Samplers.byClassName(name) == nil {
      refusal = config.refusing(
        "_class_name",
        Samplers.classNames.joined(separator: ", "))
    }
    var betas = Tensor.linspace(0.0001, 0.02, 1000)
    do { betas = try Self.betas(config) } catch let error as LetheError {
      guard error.sentence.contains(Self.unknownKind) else { throw error }
      refusal = refusal ?? error
    }
    plainAlphaBar = (1 - betas).cumulativeProduct(0).floats
    let knowsRescaling =
      json["_class_name"]?.string.flatMap(Samplers.byClassName)?.knowsZeroSNR ?? true
    alphaBar =
      try knowsRescaling && config.bool("rescale_betas_zero_snr", false)
      ? Self.zeroSNR(plainAlphaBar) : plainAlphaBar
    let name = try config.string("prediction_type", "epsilon")
    if Prediction(rawValue: name) == nil {
      refusal =
        refusal
        ?? config.refusing(
          "prediction_type",
          Prediction.allCases.map(\.rawValue).joined(separator: ", "))
    }
    prediction = Prediction(rawValue: name) ?? .epsilon
    (self.config, self.refusal) = (json, refusal)
    guard try config.int("steps_offset", 0) < alphaBar.count else {
      throw config.refusing("steps_offset", "a whole number below \(alphaBar.count)")
    }
    guard let last = plainAlphaBar.last, last > 0 else {
      throw config.refusing(
        "beta_end",
        "a smaller one, which leaves a signal after \(alphaBar.count) steps")
    }
  }

  /// - Throws: ``LetheError`` of the kind `model` for a schedule that pictures cannot be noised by step by step
  package func check() throws {
    if let refusal { throw refusal }
    let name = config["_class_name"]?.string ?? ""
    guard Samplers.byClassName(name)?.isVariancePreserving != false else {
      throw LetheError.unsupported(
        "steps of beta_t with the scheduler '\(name)', whose network is told noise levels; it can be drawn from "
          + "with its own sampler, and edited in closed form")
    }
  }

  private static let unknownKind = "linear, scaled_linear, squaredcos_cap_v2"

  /// beta_t [T], in float32 as diffusers has them.
  private static func betas(_ config: ComponentConfig) throws -> Tensor {
    if let list = config.json["trained_betas"], list != .null {
      let betas = list.array?.compactMap(\.number) ?? []
      guard betas.count > 1, betas.count == list.array?.count, betas.count <= mostSteps,
        betas.allSatisfy({ $0 > 0 && $0 < 1 })
      else {
        throw config.refusing("trained_betas", "a list of numbers between 0 and 1")
      }
      return Tensor(betas.map(Float.init))
    }
    let steps = try config.int("num_train_timesteps", 1000)
    guard (2...mostSteps).contains(steps) else {
      throw config.refusing("num_train_timesteps", "accepted: 2 to \(mostSteps)")
    }
    let start = try config.positive("beta_start", 0.0001, below: 1)
    let end = try config.positive("beta_end", 0.02, below: 1)
    switch try config.string("beta_schedule", "linear") {
    case "linear": return .linspace(start, end, steps)
    case "scaled_linear":
      return Tensor.linspace(start.squareRoot(), end.squareRoot(), steps).pow(2)
    case "squaredcos_cap_v2":
      // alphaBar(u) = cos^2((u + .008) / 1.008 pi / 2)               (Nichol & Dhariwal, 2021, eq. 17)
      func signal(_ u: Double) -> Double {
        let c = cos((u + 0.008) / 1.008 * .pi / 2)
        return c * c
      }
      return Tensor(
        (0..<steps).map { i in
          let (u, next) = (Double(i) / Double(steps), Double(i + 1) / Double(steps))
          return Float(min(1 - signal(next) / signal(u), 0.999))
        })
    default: throw config.refusing("beta_schedule", unknownKind)
    }
  }
  private static let mostSteps = 100_000

  /// alphaBar with its root shifted and scaled, so that nothing is left of the signal at the last step and the first
  /// stays (Lin et al., 2024, algorithm 1), as float32 betas give it back.
  private static func zeroSNR(_ plain: [Float]) -> [Float] {
    let root = Tensor(plain).sqrt()
    let (first, last) = (Tensor([root.floats[0]]), Tensor([root.floats[plain.count - 1]]))
    let bar = ((root - last) * (first / (first - last))).squared()
    let before = Tensor.concatenate([Tensor.ones([1]), bar.narrowed(0, 0, plain.count - 1)])
    let betas = 1 - bar / before
    return (1 - betas).cumulativeProduct(0).floats
  }

  /// The number of training steps.
  public var steps: Int { alphaBar.count }

  /// sqrt((1 - alphaBar) / alphaBar) of every training step.
  package var sigmas: [Float] { Self.sigmas(alphaBar) }

  static func sigmas(_ alphaBar: [Float]) -> [Float] {
    alphaBar.map { ((1 - $0) / $0).squareRoot() }
  }

  /// alphaBar at `t` [B] as [B, 1, 1, 1].
  private func alphaBar(at t: Tensor, like x: Tensor) -> Tensor {
    Tensor(alphaBar).to(x.device).indexed(0, t.to(.int64)).reshaped(-1, 1, 1, 1)
  }

  /// x_t from x_0 [B, C, H, W] and eps, t [B].
  public func noised(_ x0: Tensor, _ eps: Tensor, at t: Tensor) -> Tensor {
    let a = alphaBar(at: t, like: x0)
    return a.sqrt() * x0 + (1 - a).sqrt() * eps
  }

  /// The network's output for x, at alphaBar `a`, as x0 and eps.
  package func split(_ output: Tensor, _ x: Tensor, _ a: Float) -> (x0: Tensor, eps: Tensor) {
    prediction.split(
      output, x, signal: Double(a.squareRoot()), noise: Double((1 - a).squareRoot()))
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

extension NoiseSchedule.Prediction {
  /// x0 from a network's output for x = signal x0 + noise eps.
  package func denoised(
    _ output: Tensor, _ x: Tensor, signal: Double, noise: Double
  ) -> Tensor {
    switch self {
    case .epsilon: (x - noise * output) / signal
    case .sample: output
    case .velocity: signal * x - noise * output
    }
  }

  /// x0 and eps from the same.
  package func split(
    _ output: Tensor, _ x: Tensor, signal: Double, noise: Double
  ) -> (x0: Tensor, eps: Tensor) {
    let x0 = denoised(output, x, signal: signal, noise: noise)
    switch self {
    case .epsilon: return (x0, output)
    case .sample: return (x0, (x - signal * x0) / noise)
    case .velocity: return (x0, signal * output + noise * x)
    }
  }
}
