internal import Foundation
internal import Torch

/// The step of DPM-Solver(++) from one noise level to the next, over the last predictions.
struct MultistepSolver {
  enum Algorithm: String, CaseIterable {
    /// Predictions of x_0.
    case plusPlus = "dpmsolver++"
    /// The same with fresh noise.
    case stochastic = "sde-dpmsolver++"
    /// Predictions of eps.
    case noise = "dpmsolver"
  }
  let levels: [HalfLogSNR]
  private let algorithm: Algorithm
  private let order: Int
  private let heun: Bool
  private let lowerFinal: Bool
  private let eulerFinal: Bool
  /// Newest first: x_0, or eps.
  private var predictions: [Tensor] = []

  /// - Parameters:
  ///   - levels: one more than there are steps
  ///   - algorithm: in the place of the configuration's
  init(_ levels: [HalfLogSNR], _ config: ComponentConfig, _ algorithm: Algorithm?) throws {
    let name = try config.string("algorithm_type", "dpmsolver++")
    guard let own = algorithm ?? Algorithm(rawValue: name == "deis" ? "dpmsolver++" : name) else {
      throw config.refusing(
        "algorithm_type", Algorithm.allCases.map(\.rawValue).joined(separator: ", ")
      )
    }
    let type = try config.string("solver_type", "midpoint")
    guard ["midpoint", "heun", "logrho", "bh1", "bh2"].contains(type) else {
      throw config.refusing("solver_type", "midpoint, heun")
    }
    order = try config.int("solver_order", 2)
    guard (1...3).contains(order), own != .stochastic || order < 3 else {
      throw config.refusing(
        "solver_order", own == .stochastic ? "1, 2" : "1, 2, 3")
    }
    guard own != .noise || levels.last.map({ $0.sigma > 0 }) == true else {
      throw config.refusing(
        "final_sigmas_type", "sigma_min with algorithm_type dpmsolver")
    }
    lowerFinal = try config.bool("lower_order_final", true)
    eulerFinal = try config.bool("euler_at_final", false)
    (self.levels, self.algorithm, heun) = (levels, own, type == "heun")
  }

  /// The order of step `i` of `n`: the last ones are lower, where few steps are taken or the picture is reached.
  private func order(_ i: Int) -> Int {
    let (n, left) = (levels.count - 1, levels.count - 1 - i)
    let isLowered = lowerFinal && n < 15
    if left == 1, eulerFinal || isLowered || levels[n].sigma == 0 { return 1 }
    let most = left == 2 && isLowered ? min(order, 2) : order
    return min(most, predictions.count)
  }

  /// x_t from x_s and the prediction of x_0 at s.
  mutating func step(_ x0: Tensor, _ i: Int, _ x: Tensor, noise: () -> Tensor) -> Tensor {
    let (s, t) = (levels[i], levels[i + 1])
    let m0 = algorithm == .noise ? (x - Double(s.alpha) * x0) / Double(s.sigma) : x0
    predictions = [m0] + predictions.prefix(order - 1)
    let order = order(i)
    let h = t.lambda - s.lambda
    // D_1 and D_2 by divided differences.
    var (d1, d2): (Tensor?, Tensor?) = (nil, nil)
    if order > 1 {
      let r0 = (s.lambda - levels[i - 1].lambda) / h
      let first = (m0 - predictions[1]) / Double(r0)
      d1 = first
      if order > 2 {
        let r1 = (levels[i - 1].lambda - levels[i - 2].lambda) / h
        let second = (predictions[1] - predictions[2]) / Double(r1)
        d1 = first + Double(r0 / (r0 + r1)) * (first - second)
        d2 = (first - second) / Double(r0 + r1)
      }
    }
    let c = coefficients(s, t, h, order)
    var next = Double(c.x) * x + Double(c.m0) * m0
    if let d1 { next = next + Double(c.d1) * d1 }
    if let d2 { next = next + Double(c.d2) * d2 }
    return c.noise == 0 ? next : next + Double(c.noise) * noise()
  }

  private func coefficients(_ s: HalfLogSNR, _ t: HalfLogSNR, _ h: Float, _ order: Int) -> (
    x: Float, m0: Float, d1: Float, d2: Float, noise: Float
  ) {
    let usesHeun = heun || order == 3
    switch algorithm {
    case .plusPlus:
      let e = exp(-h) - 1
      return (
        t.sigma / s.sigma, -t.alpha * e,
        usesHeun ? t.alpha * (e / h + 1) : -0.5 * t.alpha * e,
        -t.alpha * ((e + h) / (h * h) - 0.5), 0
      )
    case .noise:
      let e = exp(h) - 1
      return (
        t.alpha / s.alpha, -t.sigma * e,
        usesHeun ? -t.sigma * (e / h - 1) : -0.5 * t.sigma * e,
        -t.sigma * ((e - h) / (h * h) - 0.5), 0
      )
    case .stochastic:
      let e = 1 - exp(-2 * h)
      return (
        t.sigma / s.sigma * exp(-h), t.alpha * e,
        usesHeun ? t.alpha * (e / (-2 * h) + 1) : 0.5 * t.alpha * e, 0,
        t.sigma * e.squareRoot()
      )
    }
  }
}
