// Linear multistep over sigma (Karras et al., 2022; k-diffusion), order 4:
//
//   x <- x + sum_k c_k d_{i-k},   c_k = integral over [sigma_i, sigma_{i+1}] of prod_{j != k} (s - sigma_{i-j}) / (sigma_{i-k} - sigma_{i-j})
//
// The integrand is a cubic polynomial, so it is integrated exactly (diffusers integrates it
// numerically to 1e-4). The network is told non-integer timesteps.
package import Torch

package struct LMS: Sampler {
  package static let name = "lms"
  package static let className = "LMSDiscreteScheduler"
  static let order = 4

  package let timesteps: [Double]
  private let path: SigmaPath
  private var derivatives: [Tensor] = []

  package init(_ schedule: NoiseSchedule, steps: Int) throws {
    path = try SigmaPath(schedule, steps, .init(shapes: [.karras, .exponential, .beta]))
    timesteps = path.timesteps
  }

  package var initialScale: Double { path.initialScale }
  package func input(_ x: Tensor, _ i: Int) -> Tensor { path.input(x, i) }

  package mutating func step(_ output: Tensor, _ i: Int, _ x: Tensor, noise: () -> Tensor) -> Tensor
  {
    let d = (x - path.denoised(output, x, i)) / Double(path.sigmas[i])
    derivatives = derivatives.suffix(Self.order - 1) + [d]
    let c = Self.coefficients(path.sigmas.map(Double.init), i, min(i + 1, Self.order))
    let terms = zip(c, derivatives.reversed()).map { $0 * $1 }
    return x + terms.dropFirst().reduce(terms[0]) { $0 + $1 }
  }

  /// c_0 ... c_{order-1}, newest derivative first.
  static func coefficients(_ sigmas: [Double], _ i: Int, _ order: Int) -> [Double] {
    (0..<order).map { k in
      // The polynomial's coefficients, lowest power first.
      var polynomial = [1.0]
      for j in 0..<order where j != k {
        let scale = 1 / (sigmas[i - k] - sigmas[i - j])
        let shifted = [0] + polynomial.map { $0 * scale }
        let lowered = polynomial.map { $0 * -sigmas[i - j] * scale } + [0]
        polynomial = zip(shifted, lowered).map { $0 + $1 }
      }
      func integral(_ s: Double) -> Double {
        polynomial.enumerated().reversed().reduce(0) { $0 * s + $1.1 / Double($1.0 + 1) } * s
      }
      return integral(sigmas[i + 1]) - integral(sigmas[i])
    }
  }
}
