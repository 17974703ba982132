// PNDM (Liu et al., 2022): a linear multistep method over pseudo-numerical transfers phi (eq. 11),
// started by Runge-Kutta steps, or (`skip_prk_steps`, as all Stable Diffusion models have it) by a
// second evaluation of the first step.
package import Torch

package struct PNDM: Sampler {
  package static let name = "pndm"
  package static let className = "PNDMScheduler"

  package let timesteps: [Double]
  private let schedule: NoiseSchedule
  private let stride: Int
  private let finalAlphaBar: Float
  /// Number of Runge-Kutta evaluations at the beginning.
  private let warmUp: Int
  private var outputs: [Tensor] = []
  private var anchor: Tensor?
  private var blend: Tensor?

  package init(_ schedule: NoiseSchedule, steps: Int) throws {
    try schedule.check()
    let config = ComponentConfig("scheduler", schedule.config)
    guard schedule.prediction != .sample else {
      throw config.refusing("prediction_type", "pndm supports epsilon, v_prediction")
    }
    let plain: [Int] = try Spacing(schedule, fallback: "leading").timesteps(steps).roundedToEven
      .reversed().map { Int($0) }
    stride = schedule.steps / steps
    finalAlphaBar = try config.bool("set_alpha_to_one", false) ? 1 : schedule.plainAlphaBar[0]
    self.schedule = schedule
    if try config.bool("skip_prk_steps", false) {
      // The second-largest step is visited twice: 981, 961, 961, 941, ...
      let ascending = plain.count > 1 ? plain.dropLast() + plain.suffix(2) : plain[...]
      timesteps = ascending.reversed().map(Double.init)
      warmUp = 0
    } else {
      guard steps >= 4 else {
        throw LetheError.model("pndm needs at least 4 steps, was given \(steps)")
      }
      let doubled = plain.suffix(4).flatMap { [$0, $0 + schedule.steps / steps / 2] }
      let quadrupled = doubled.dropLast().flatMap { [$0, $0] }.dropFirst().dropLast()
      timesteps = (quadrupled.reversed() + plain.dropLast(3).reversed()).map(Double.init)
      warmUp = quadrupled.count
    }
  }

  package mutating func step(_ output: Tensor, _ i: Int, _ x: Tensor, noise: () -> Tensor) -> Tensor
  {
    i < warmUp ? rungeKutta(output, i, x) : multistep(output, i, x)
  }

  private mutating func multistep(_ output: Tensor, _ i: Int, _ x: Tensor) -> Tensor {
    var (t, x) = (Int(timesteps[i]), x)
    var previous = t - stride
    let repeated = i == 1 && warmUp == 0
    if repeated {
      (t, previous) = (t + stride, t)
    } else {
      outputs = outputs.suffix(3) + [output]
    }
    let e = Array(outputs.reversed())  // newest first
    let eps: Tensor
    switch e.count {
    case 1 where repeated:
      eps = (output + e[0]) / 2
      x = anchor ?? x
      anchor = nil
    case 1:
      eps = output
      anchor = x
    case 2: eps = (3 * e[0] - e[1]) / 2
    case 3: eps = (23 * e[0] - 16 * e[1] + 5 * e[2]) / 12
    default: eps = (55 * e[0] - 59 * e[1] + 37 * e[2] - 9 * e[3]) * (1.0 / 24)
    }
    return transfer(x, from: t, to: previous, eps)
  }

  private mutating func rungeKutta(_ output: Tensor, _ i: Int, _ x: Tensor) -> Tensor {
    let previous =
      Int(timesteps[i]) - (i % 2 == 1 ? 0 : schedule.steps / timesteps.planned(warmUp) / 2)
    let t = Int(timesteps[i / 4 * 4])
    var eps = output
    switch i % 4 {
    case 0:
      blend = output * (1.0 / 6)
      outputs.append(output)
      anchor = x
    case 1, 2: blend = (blend ?? Tensor.zeros(like: output)) + output * (1.0 / 3)
    default:
      eps = (blend ?? Tensor.zeros(like: output)) + output * (1.0 / 6)
      blend = nil
    }
    return transfer(anchor ?? x, from: t, to: previous, eps)
  }

  /// phi(x_t, eps, t, t'): equation 11.
  private func transfer(_ x: Tensor, from t: Int, to previous: Int, _ output: Tensor) -> Tensor {
    let a = schedule.plainAlphaBar[t]
    let p = previous >= 0 ? schedule.plainAlphaBar[previous] : finalAlphaBar
    var eps = output
    if schedule.prediction == .velocity {
      eps = Double(a.squareRoot()) * output + Double((1 - a).squareRoot()) * x
    }
    let denominator = a * (1 - p).squareRoot() + (a * (1 - a) * p).squareRoot()
    return Double((p / a).squareRoot()) * x - Double(p - a) * eps / Double(denominator)
  }
}

extension [Double] {
  /// Steps that were asked for, given how many Runge-Kutta evaluations replaced the first three.
  fileprivate func planned(_ warmUp: Int) -> Int { count - warmUp + 3 }
}
