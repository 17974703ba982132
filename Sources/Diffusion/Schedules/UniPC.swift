// UniPC (Zhao et al., 2023, algorithms 5 and 6) over predictions of x_0, h = lambda_t - lambda_0,
// E = e^{-h} - 1, B = E (bh2) or -h (bh1), r_k = (lambda_{-k} - lambda_0) / h, D_k = (m_{-k} - m_0) / r_k:
//
//   predictor   x_t = (sigma_t / sigma_0) x - alpha_t E m_0 - alpha_t B sum_k rho_k D_k
//   corrector   the same for the step before, with D_t = m_t - m_0 and its rho
//
//   sum_k r_k^{i-1} rho_k = phi_i i! / B,   phi_1 = E / (-h) - 1,   phi_{i+1} = phi_i / (-h) - 1 / (i + 1)!
internal import Foundation
package import Torch

package struct UniPC: Sampler {
  package static let name = "unipc"
  package static let className = "UniPCMultistepScheduler"
  package static let knowsZeroSNR = true

  package let timesteps: [Double]
  private let path: SolverSteps
  private let levels: [HalfLogSNR]
  private let order: Int
  private let lowerFinal: Bool
  private let usesH: Bool
  private let uncorrected: Set<Int>
  private let clipping: Clipping
  /// Newest first.
  private var predictions: [Tensor] = []
  /// Where the step before began, and the order that it was predicted with.
  private var before: (x: Tensor, order: Int)?

  package init(_ schedule: NoiseSchedule, steps: Int) throws {
    let config = ComponentConfig("scheduler", schedule.config)
    try config.accept(["predict_x0": [true, .null], "solver_p": [.null]])
    order = try config.int("solver_order", 2)
    guard (1...4).contains(order) else {
      throw config.refusing("solver_order", "1 to 4")
    }
    let type = try config.string("solver_type", "bh2")
    guard ["bh1", "bh2", "midpoint", "heun", "logrho"].contains(type) else {
      throw config.refusing("solver_type", "bh1, bh2")
    }
    usesH = type == "bh1"
    let end = try config.string("final_sigmas_type", "zero")
    guard ["zero", "sigma_min"].contains(end) else {
      throw config.refusing("final_sigmas_type", "zero, sigma_min")
    }
    lowerFinal = try config.bool("lower_order_final", true)
    guard end == "sigma_min" || (lowerFinal && !usesH) else {
      throw config.refusing(
        lowerFinal ? "solver_type" : "lower_order_final",
        "its last step has no end with final_sigmas_type zero; accepted: sigma_min, or bh2 and lower_order_final"
      )
    }
    path = try SolverSteps(
      schedule, steps, shapes: [.karras, .exponential, .beta],
      end: end == "zero" ? .zero : .lowestOrRepeated, limits: true, zeroSNR: true)
    (levels, timesteps) = (path.levels, path.timesteps)
    // diffusers writes an empty list for none.
    let listed = config.json["disable_corrector"] ?? .null
    guard let chosen = listed == .null ? [] : listed.array?.compactMap(\.int) else {
      throw config.refusing("disable_corrector", "a list of whole numbers")
    }
    uncorrected = Set(chosen)
    clipping = try Clipping(config, clips: nil)
  }

  package mutating func step(_ output: Tensor, _ i: Int, _ x: Tensor, noise: () -> Tensor) -> Tensor
  {
    let m = clipping(path.denoised(output, x, levels[i]))
    var x = x
    if let before, !uncorrected.contains(i - 1) {
      x = moved(before.x, from: i - 1, order: before.order, to: m)
    }
    predictions = [m] + predictions.prefix(order - 1)
    let left = levels.count - 1 - i
    let own = min(lowerFinal ? min(order, left) : order, predictions.count)
    before = (x, own)
    return moved(x, from: i, order: own, to: nil)
  }

  /// x one step on from step `i`.
  /// - Parameter end: the prediction at the end of the step, for the corrector
  private func moved(_ x: Tensor, from i: Int, order: Int, to end: Tensor?) -> Tensor {
    let (s, t) = (levels[i], levels[i + 1])
    let h = Double(t.lambda - s.lambda)
    let e = expm1(-h)
    let b = usesH ? -h : e
    let m0 = predictions[0]
    let r = (1..<max(order, 1)).map { Double(levels[i - $0].lambda - s.lambda) / h }
    var differences = zip(r, predictions.dropFirst()).map { ($1 - m0) / $0 }
    if let end { differences.append(end - m0) }
    let places = end == nil ? r : r + [1]
    let rho = Self.weights(places, h: h, b: b, isCorrector: end != nil)
    var next = Double(t.sigma / s.sigma) * x - Double(t.alpha) * e * m0
    for (weight, difference) in zip(rho, differences) {
      next = next - Double(t.alpha) * b * weight * difference
    }
    return next
  }

  /// rho_k of differences at the places r_k.
  private static func weights(_ r: [Double], h: Double, b: Double, isCorrector: Bool) -> [Double] {
    // With one place the published choice is 1/2, which is not the solution of the equation.
    guard r.count > 1 else { return r.map { _ in 0.5 } }
    var (phi, factorial) = (expm1(-h) / -h - 1, 1.0)
    var rows: [[Double]] = []
    for i in 1...r.count {
      factorial *= Double(i)
      rows.append(r.map { pow($0, Double(i - 1)) } + [phi * factorial / b])
      phi = phi / -h - 1 / (factorial * Double(i + 1))
    }
    return solution(rows)
  }

  /// The solution of linear equations by elimination with pivots; each row ends with its right side.
  private static func solution(_ equations: [[Double]]) -> [Double] {
    var a = equations
    let n = a.count
    for c in 0..<n {
      let pivot = (c..<n).max { abs(a[$0][c]) < abs(a[$1][c]) } ?? c
      a.swapAt(c, pivot)
      for r in 0..<n where r != c {
        let factor = a[r][c] / a[c][c]
        for k in c...n { a[r][k] -= factor * a[c][k] }
      }
    }
    return (0..<n).map { a[$0][n] / a[$0][$0] }
  }
}
