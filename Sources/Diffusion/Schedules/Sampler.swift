package import Torch

/// One way down from noise: a value whose state is its own. Steps are counted from 0.
package protocol Sampler: SendableMetatype {
  static var name: String { get }
  /// diffusers' name of the class, found in `scheduler_config.json`.
  static var className: String { get }
  init(_ schedule: NoiseSchedule, steps: Int) throws

  /// The training step (possibly fractional) that the network is told at each step.
  var timesteps: [Double] { get }
  /// Standard deviation of the starting noise.
  var initialScale: Double { get }
  /// The input of the network at step `i`.
  func input(_ x: Tensor, _ i: Int) -> Tensor
  /// x after step `i`. `noise` draws a tensor like `x` where the sampler needs fresh noise.
  mutating func step(_ output: Tensor, _ i: Int, _ x: Tensor, noise: () -> Tensor) -> Tensor
}

extension Sampler {
  package var initialScale: Double { 1 }
  package func input(_ x: Tensor, _ i: Int) -> Tensor { x }
}

/// Every sampler, in the order in which `lethe list samplers` shows them.
package enum Samplers {
  package static let all: [any Sampler.Type] = [
    DDIM.self, DDPM.self, PNDM.self, LMS.self, Euler.self, EulerAncestral.self, DPMSolver.self,
  ]

  package static func named(_ name: String) throws -> any Sampler.Type {
    guard let found = all.first(where: { $0.name == name }) else {
      throw LetheError.unknown("sampler", name, known: all.map { $0.name })
    }
    return found
  }

  /// The sampler that the options ask for.
  /// - Throws: ``LetheError`` for an unknown name, a step count or an eta that it cannot do
  static func make(_ options: SamplingOptions, _ schedule: NoiseSchedule) throws -> any Sampler {
    let type = try named(options.sampler)
    guard let eta = options.eta, eta != 0 else {
      return try type.init(schedule, steps: options.steps)
    }
    guard type == DDIM.self, (0...1).contains(eta) else {
      throw LetheError.model("eta \(eta) with \(type.name); accepted: 0 to 1 with ddim")
    }
    return try DDIM(schedule, steps: options.steps, eta: eta)
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
      throw config.refusing("timestep_spacing", "supported: leading, linspace, trailing")
    }
    offset = try config.int("steps_offset", 0)
    training = schedule.steps
  }

  /// Descending, not rounded for `linspace`.
  func timesteps(_ count: Int) throws -> [Double] {
    guard count >= 1, count <= training else {
      throw LetheError.model("\(count) steps; accepted: 1 to \(training)")
    }
    switch kind {
    case "linspace":
      guard count > 1 else { return [0] }
      return (0..<count).reversed().map { Double($0) * Double(training - 1) / Double(count - 1) }
    case "leading":
      let ratio = training / count
      guard (count - 1) * ratio + offset < training else {
        throw LetheError.model(
          "\(count) steps with an offset of \(offset) go beyond the \(training) of the schedule")
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
  let (signal, noise) = (Double(a.squareRoot()), Double((1 - a).squareRoot()))
  switch prediction {
  case .epsilon: return (x - noise * output) / signal
  case .sample: return output
  case .velocity: return signal * x - noise * output
  }
}
