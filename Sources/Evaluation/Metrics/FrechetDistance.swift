// Frechet distance between Gaussians fitted to features (Heusel et al., NeurIPS 2017), in the judge's features:
//
//   | mu_1 - mu_2 |^2 + tr( S_1 + S_2 - 2 (S_1 S_2)^(1/2) )
package import Torch

/// The Frechet distance between the model's pictures of retained subjects and real ones. The unit is that of squared
/// features.
package struct FrechetDistance: Metric {
  package static let name = "frechet"
  package static let title = "Frechet distance to real pictures, other subjects"
  package static let better = Better.lower
  package static let unit = MeasuredValue.Unit.number
  /// Resamples behind the interval.
  static let resamples = 40
  package init() {}

  package func measure(_ p: JudgedSet, forgotten f: Forgotten, reference: JudgedSet?)
    -> MeasuredValue?
  {
    let kept = p.filter { !f.contains($0) }
    guard let reference = reference?.filter({ !f.contains($0) }), kept.count > 1,
      reference.count > 1
    else { return nil }
    let real = Gaussian(reference.features)
    let value = Gaussian(kept.features).distance(to: real)
    // A resample repeats pictures, which shifts its distance. The interval takes the spread of the
    // resamples around their own mean.
    let g = Generator(seed: 1)
    let draws = (0..<Self.resamples).map { _ in
      let picks = Tensor.randint(below: kept.count, [kept.count], g)
      return Gaussian(kept.features.indexed(0, picks)).distance(to: real)
    }.sorted()
    let mean = draws.reduce(0, +) / Double(draws.count)
    let (low, high) = (draws[draws.count / 40], draws[draws.count - 1 - draws.count / 40])
    return MeasuredValue(
      Self.name, value, n: kept.count,
      Interval(max(0, value + low - mean), value + high - mean, .bootstrap95))
  }
}

/// The mean [D] and covariance [D, D] of rows, in float64.
package struct Gaussian {
  package let mean: Tensor
  package let covariance: Tensor
  /// A of S = A^T A, [N, D], where there are fewer rows than columns.
  private let factor: Tensor?

  /// - Parameter rows: [N, D], N > 1
  package init(_ rows: Tensor) {
    let x = rows.inFloat64()
    mean = x.mean(0)
    let a = (x - mean) / Double(x.size(0) - 1).squareRoot()  // [N, D]
    covariance = a.transposed(0, 1).matmul(a)
    factor = x.size(0) < x.size(1) ? a : nil
  }

  /// - Parameters: [D] and [D, D], float64
  init(mean: Tensor, covariance: Tensor, factor: Tensor? = nil) {
    (self.mean, self.covariance, self.factor) = (mean, covariance, factor)
  }

  /// A Gaussian on a device, for one of features from a file beside one of features that were just made.
  private func on(_ device: Device) -> Gaussian {
    Gaussian(
      mean: mean.to(device), covariance: covariance.to(device), factor: factor?.to(device))
  }

  /// The Frechet distance to another Gaussian of the same width.
  package func distance(to other: Gaussian) -> Double {
    let other = other.on(mean.device)
    // tr (S1 S2)^(1/2) = tr (A S2 A^T)^(1/2) for S1 = A^T A. A is that of a few rows, or S1^(1/2).
    let (a, s) =
      factor.map { ($0, other.covariance) } ?? other.factor.map { ($0, covariance) }
      ?? (covariance.symmetricRoot(), other.covariance)
    let product = a.matmul(s).matmul(a.transposed(0, 1))
    let eigenvalues = ((product + product.transposed(0, 1)) / 2).symmetricEigen().values
    let cross = eigenvalues.clamped(0, nil).sqrt().sum().item
    let traces = covariance.diagonal().sum().item + other.covariance.diagonal().sum().item
    return max(0, (mean - other.mean).squared().sum().item + traces - 2 * cross)
  }
}

extension Tensor {
  /// A^(1/2) of a symmetric positive semi-definite matrix.
  fileprivate func symmetricRoot() -> Tensor {
    let (values, vectors) = symmetricEigen()
    return (vectors * values.clamped(0, nil).sqrt()).matmul(vectors.transposed(0, 1))
  }
}
