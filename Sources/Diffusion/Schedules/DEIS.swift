// DEIS (Zhang & Chen, 2023), log-rho form: eps is interpolated in ln rho, rho = sigma / alpha, and integrated exactly:
//
//   x_t = alpha_t (x / alpha_0 + sum_k c_k e_k),   c_k = integral over [rho_0, rho_t] of
//         prod_{j != k} (ln rho - ln rho_j) / (ln rho_k - ln rho_j)
internal import Foundation
package import Torch

package struct DEIS: Sampler {
  package static let name = "deis"
  package static let className = "DEISMultistepScheduler"

  package let timesteps: [Double]
  private let path: SolverSteps
  private let levels: [HalfLogSNR]
  private let order: Int
  private let lowerFinal: Bool
  private let clipping: Clipping
  /// Newest first.
  private var noises: [Tensor] = []

  package init(_ schedule: NoiseSchedule, steps: Int) throws {
    let config = ComponentConfig("scheduler", schedule.config)
    order = try config.int("solver_order", 2)
    guard (1...3).contains(order) else {
      throw config.refusing("solver_order", "1, 2, 3")
    }
    lowerFinal = try config.bool("lower_order_final", true)
    path = try SolverSteps(
      schedule, steps, shapes: [.karras, .exponential, .beta], end: .lowestOrRepeated)
    (levels, timesteps) = (path.levels, path.timesteps)
    clipping = try Clipping(config, clips: nil)
  }

  package mutating func step(_ output: Tensor, _ i: Int, _ x: Tensor, noise: () -> Tensor) -> Tensor
  {
    let (s, t) = (levels[i], levels[i + 1])
    let x0 = clipping(path.denoised(output, x, s))
    noises = [(x - Double(s.alpha) * x0) / Double(s.sigma)] + noises.prefix(order - 1)
    let (left, isLowered) = (levels.count - 1 - i, lowerFinal && levels.count - 1 < 15)
    var own = min(order, noises.count)
    if isLowered, left == 1 { own = 1 }
    if isLowered, left == 2 { own = min(own, 2) }
    let rho = (0..<own).map { Double(path.ratios[i - $0]) }
    let c = Self.coefficients(rho, to: Double(path.ratios[i + 1]))
    let sum = zip(c, noises).reduce(x / Double(s.alpha)) { $0 + $1.0 * $1.1 }
    return Double(t.alpha) * sum
  }

  /// c_0 ... c_{order-1}, newest first.
  static func coefficients(_ rho: [Double], to end: Double) -> [Double] {
    let u = rho.map { log($0) }
    return rho.indices.map { k in
      // The interpolating polynomial in ln rho, lowest power first.
      var polynomial = [1.0]
      for j in rho.indices where j != k {
        let scale = 1 / (u[k] - u[j])
        let raised = [0] + polynomial.map { $0 * scale }
        let lowered = polynomial.map { $0 * -u[j] * scale } + [0]
        polynomial = zip(raised, lowered).map { $0 + $1 }
      }
      // integral of ln^m rho = rho (ln^m rho - m integral of ln^{m-1} rho / rho ...)
      func integral(_ r: Double) -> Double {
        var (total, power, previous) = (0.0, 1.0, 0.0)
        for (m, coefficient) in polynomial.enumerated() {
          previous = r * power - Double(m) * previous
          total += coefficient * previous
          power *= log(r)
        }
        return total
      }
      return integral(end) - integral(rho[0])
    }
  }
}
