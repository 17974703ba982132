// Noise levels spread over the steps otherwise than training spread them:
//
//   Karras        (a + u (b - a))^7, a = max^(1/7), b = min^(1/7)          (Karras et al., 2022, eq. 5)
//   exponential   exp(ln max + u (ln min - ln max))
//   beta          min + Q(1 - u) (max - min), Q the quantiles of Beta(.6, .6)  (Lee et al., 2024)
//   Lu            equal steps in lambda, which is the exponential spacing
internal import Foundation
internal import Torch

enum SigmaShape: String, CaseIterable {
  case karras = "use_karras_sigmas"
  case exponential = "use_exponential_sigmas"
  case beta = "use_beta_sigmas"
  case lu = "use_lu_lambdas"

  /// The one that a configuration asks for; nil for the levels of training.
  /// - Throws: ``LetheError`` where it asks for two
  static func asked(_ config: ComponentConfig, of known: [SigmaShape]) throws -> SigmaShape? {
    if try config.bool("use_flow_sigmas", false) {
      throw config.refusing("use_flow_sigmas", "false")
    }
    let asked = try known.filter { try config.bool($0.rawValue, false) }
    guard asked.count < 2 else {
      throw config.refusing(asked[1].rawValue, "with '\(asked[0].rawValue)'; accepted: one of them")
    }
    return asked.first
  }

  /// `count` levels from the highest to the lowest, for u = 0 ... 1.
  func levels(_ count: Int, from highest: Double, to lowest: Double) -> [Double] {
    (0..<count).map { i in
      let u = count == 1 ? 0 : Double(i) / Double(count - 1)
      switch self {
      case .karras:
        let (a, b) = (pow(highest, 1 / 7.0), pow(lowest, 1 / 7.0))
        return pow(a + u * (b - a), 7)
      case .exponential, .lu:
        return Self.exponential(from: log(highest), to: log(lowest), u)
      case .beta: return lowest + Self.betaQuantile(1 - u, 0.6) * (highest - lowest)
      }
    }
  }

  /// The same for Lu's levels, whose ends are logarithms: ln sigma of the schedule's last and first step. A step that
  /// is found again from the level is then the one that the level was made of.
  static func luLevels(_ count: Int, _ logs: [Float]) -> [Double] {
    let (high, low) = (Double(logs[logs.count - 1]), Double(logs[0]))
    return (0..<count).map {
      exponential(from: high, to: low, count == 1 ? 0 : Double($0) / Double(count - 1))
    }
  }

  private static func exponential(from high: Double, to low: Double, _ u: Double) -> Double {
    exp(high + u * (low - high))
  }

  /// The training step of a noise level, by interpolation in ln sigma: fractional, within the schedule.
  /// - Parameter logs: ln sigma of every training step, ascending
  static func timestep(of sigma: Double, _ logs: [Float]) -> Double {
    let s = log(max(sigma, 1e-10))
    let low = min(max(logs.lastIndex { s >= Double($0) } ?? 0, 0), logs.count - 2)
    let (a, b) = (Double(logs[low]), Double(logs[low + 1]))
    let w = min(max((a - s) / (a - b), 0), 1)
    return (1 - w) * Double(low) + w * Double(low + 1)
  }

  /// The p-quantile of Beta(a, a), by halving.
  static func betaQuantile(_ p: Double, _ a: Double) -> Double {
    guard p > 0 else { return 0 }
    guard p < 1 else { return 1 }
    var (low, high) = (0.0, 1.0)
    for _ in 0..<80 {
      let x = (low + high) / 2
      if betaDistribution(x, a) < p { low = x } else { high = x }
    }
    return (low + high) / 2
  }

  /// I_x(a, a), the share of Beta(a, a) below x, by its continued fraction (Abramowitz & Stegun, 26.5.8).
  private static func betaDistribution(_ x: Double, _ a: Double) -> Double {
    guard x > 0, x < 1 else { return x <= 0 ? 0 : 1 }
    guard x <= 0.5 else { return 1 - betaDistribution(1 - x, a) }
    let logarithm: Double = lgamma(2 * a) - 2 * lgamma(a) + a * log(x * (1 - x))
    let front = exp(logarithm) / a
    // Lentz's algorithm.
    var c = 1.0
    var d = 1 / (1 - 2 * a * x / (a + 1))
    var f = d
    for step in 1...200 {
      let m = Double(step)
      let k = a + 2 * m
      let even: Double = m * (a - m) * x / ((k - 1) * k)
      let odd: Double = -(a + m) * (k - m + a) * x / (k * (k + 1))
      for term in [even, odd] {
        d = 1 / (1 + term * d)
        c = 1 + term / c
        f *= c * d
      }
      if abs(c * d - 1) < 1e-15 { break }
    }
    return front * f
  }
}
