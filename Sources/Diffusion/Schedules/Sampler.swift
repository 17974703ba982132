package import Torch

/// One way down from noise: a value whose state is its own. Steps are counted from 0.
package protocol Sampler: SendableMetatype {
  static var name: String { get }
  /// diffusers' name of the class, found in `scheduler_config.json`.
  static var className: String { get }
  init(_ schedule: NoiseSchedule, steps: Int) throws

  /// The training step (possibly fractional) that the network is told at each step.
  var timesteps: [Double] { get }
  /// The training step of each of `rows` pictures at step `i`.
  func timesteps(_ i: Int, rows: Int) -> [Double]
  /// Standard deviation of the starting noise.
  var initialScale: Double { get }
  /// The input of the network at step `i`.
  func input(_ x: Tensor, _ i: Int) -> Tensor
  /// Whether alpha^2 + sigma^2 = 1 over the schedule's steps.
  static var isVariancePreserving: Bool { get }
  /// Whether the class of diffusers knows `rescale_betas_zero_snr`.
  static var knowsZeroSNR: Bool { get }
  /// x after step `i`. `noise` draws a tensor like `x` where the sampler needs fresh noise.
  mutating func step(_ output: Tensor, _ i: Int, _ x: Tensor, noise: () -> Tensor) -> Tensor
}

extension Sampler {
  package static var isVariancePreserving: Bool { true }
  package static var knowsZeroSNR: Bool { false }
  package var initialScale: Double { 1 }
  package func timesteps(_ i: Int, rows: Int) -> [Double] {
    Array(repeating: timesteps[i], count: rows)
  }
  package func input(_ x: Tensor, _ i: Int) -> Tensor { x }
}

/// A sampler that adds as much fresh noise as it is told to.
package protocol NoisySampler: Sampler {
  init(_ schedule: NoiseSchedule, steps: Int, eta: Double) throws
}

/// Every sampler, in the order in which `lethe list samplers` shows them.
package enum Samplers {
  package static let all: [any Sampler.Type] = [
    DDIM.self, DDPM.self, PNDM.self, LMS.self, Euler.self, EulerAncestral.self, Heun.self,
    DPMSolver.self, DPMSolverSDE2M.self, DPMSolverSDE.self, UniPC.self, DEIS.self, LCM.self,
    TCD.self, EDMEuler.self, EDMSolver.self,
  ]

  /// The name that stands for the class that the model's own scheduler has.
  package static let model = "model"

  /// The classes of diffusers that there is a sampler for.
  static var classNames: [String] {
    all.reduce(into: []) { if !$0.contains($1.className) { $0.append($1.className) } }
  }

  package static func named(_ name: String) throws -> any Sampler.Type {
    guard let found = all.first(where: { $0.name == name }) else {
      throw LetheError.unknown("sampler", name, known: all.map { $0.name } + [model])
    }
    return found
  }

  /// The sampler of a name, or that of the schedule's class for `model`.
  /// - Throws: ``LetheError`` for an unknown name, and for a class that there is no sampler for
  package static func named(_ name: String, for schedule: NoiseSchedule) throws
    -> any Sampler.Type
  {
    guard name == model else { return try named(name) }
    if let refusal = schedule.refusal { throw refusal }
    return schedule.config["_class_name"]?.string.flatMap(byClassName) ?? DDIM.self
  }

  /// The sampler that the options ask for.
  /// - Throws: ``LetheError`` for an unknown name, a step count or an eta that it cannot do
  static func make(_ options: SamplingOptions, _ schedule: NoiseSchedule) throws -> any Sampler {
    let type = try named(options.sampler, for: schedule)
    guard let eta = options.eta, eta != 0 else {
      return try type.init(schedule, steps: options.steps)
    }
    guard let noisy = type as? any NoisySampler.Type, (0...1).contains(eta) else {
      throw LetheError.model("eta \(eta) with \(type.name); accepted: 0 to 1 with ddim or tcd")
    }
    return try noisy.init(schedule, steps: options.steps, eta: eta)
  }

  package static func byClassName(_ name: String) -> (any Sampler.Type)? {
    all.first { $0.className == name }
  }
}

/// The three ways in which diffusers spreads sampling steps over training steps.
struct Spacing {
  let kind: String
  let offset: Int
  let training: Int

  init(_ schedule: NoiseSchedule, fallback: String) throws {
    let config = ComponentConfig("scheduler", schedule.config)
    kind = try config.string("timestep_spacing", fallback)
    guard ["leading", "linspace", "trailing"].contains(kind) else {
      throw config.refusing("timestep_spacing", "leading, linspace, trailing")
    }
    offset = try config.int("steps_offset", 0)
    guard (0..<schedule.steps).contains(offset) else {
      throw config.refusing("steps_offset", "accepted: 0 to \(schedule.steps - 1)")
    }
    training = schedule.steps
  }

  /// Descending, not rounded for `linspace`.
  func timesteps(_ count: Int) throws -> [Double] {
    guard count >= 1, count <= training else {
      throw LetheError.model("\(count.counted("step")); accepted: 1 to \(training)")
    }
    switch kind {
    case "linspace":
      guard count > 1 else { return [0] }
      return (0..<count).reversed().map { Double($0) * Double(training - 1) / Double(count - 1) }
    case "leading":
      let ratio = training / count
      guard (count - 1) * ratio + offset < training else {
        throw LetheError.model(
          "\(count.counted("step")) with an offset of \(offset) go beyond the \(training) of the schedule"
        )
      }
      return (0..<count).reversed().map { Double($0 * ratio + offset) }
    default:
      let ratio = Double(training) / Double(count)
      // Counted, not followed down to 0: 12 times 1000 / 12 falls short of 1000.
      return (0..<count).map {
        (Double(training) - Double($0) * ratio).rounded(.toNearestOrEven) - 1
      }
    }
  }
}

extension Sequence where Element == Double {
  var roundedToEven: [Double] { map { $0.rounded(.toNearestOrEven) } }
}

/// x_0 from a network output at signal level alphaBar = `a`.
func denoised(_ output: Tensor, _ x: Tensor, _ a: Float, _ prediction: NoiseSchedule.Prediction)
  -> Tensor
{
  prediction.denoised(
    output, x, signal: Double(a.squareRoot()), noise: Double((1 - a).squareRoot()))
}

/// - Throws: ``LetheError`` where x_0 would be read out of a noise prediction at a step that has no signal
func refuseNoSignal(_ schedule: NoiseSchedule, _ timesteps: [Double], _ sampler: String) throws {
  guard schedule.prediction == .epsilon,
    let t = timesteps.first(where: { schedule.alphaBar[Int($0)] == 0 })
  else { return }
  throw LetheError.model(
    "nothing is left of the picture at step \(Int(t)) ('rescale_betas_zero_snr'), where \(sampler) cannot read it out "
      + "of 'prediction_type' epsilon; accepted: v_prediction, sample, or another sampler or spacing"
  )
}
