// Frechet inception distance (Heusel et al., NeurIPS 2017): the Frechet distance of Gaussians fitted to Inception's
// features,
//
//   | mu_1 - mu_2 |^2 + tr S_1 + tr S_2 - 2 tr (S_1 S_2)^(1/2).
//
// With centred features A [n, D] and B [m, D], S_1 = A^T A / (n - 1) and S_2 = B^T B / (m - 1), the last trace is the
// sum of the singular values of A B^T / sqrt((n - 1) (m - 1)), [n, m].
package import Foundation
package import Torch

/// FID in the profile of one of the published programs.
package struct FID: InceptionMetric {
  package static let measure = PictureMeasure.fid
  package let network: InceptionV3
  package let input: InceptionInput
  package let version: String
  /// Pictures that the 2048-dimensional covariance needs to have full rank.
  static let enough = 2048
  /// Resamples behind an interval, and the pictures above which none is computed.
  private static let (resamples, most) = (200, 512)

  package init(_ network: InceptionV3, _ input: InceptionInput, version: String = "") {
    (self.network, self.input, self.version) = (network, input, version)
  }

  package func note(_ n: Int) -> String? {
    n >= Self.enough
      ? nil
      : "\(name) of \(n) pictures lies above that of more pictures; below \(Self.enough) compare it for equal n alone, or "
        + "take KID or CMMD"
  }

  /// The distance to real pictures by their statistics, without an interval.
  /// - Throws: ``LetheError`` of the kind `model` for statistics of other features than Inception's
  package func measure(
    _ drawn: DrawnPictures, _ real: Gaussian, named name: String
  ) throws -> MeasuredValue {
    let own = Gaussian(network.features(drawn.pictures, input))
    guard real.mean.shape == own.mean.shape else {
      throw LetheError.model(
        "\(name): the statistics' mu has \(real.mean.count) numbers; \(own.mean.count) features are needed"
      )
    }
    return MeasuredValue(name, own.distance(to: real), n: drawn.count)
  }

  /// The statistics of pictures, from `file` where it is there. Otherwise they are computed and written to it.
  /// - Parameter features: [N, 2048], N > 1
  package func statistics(_ features: @autoclosure () throws -> Tensor, cachedIn file: URL) throws
    -> Gaussian
  {
    if FileManager.default.fileExists(atPath: file.path) { return try Gaussian.load(file) }
    let found = Gaussian(try features())
    try found.save(to: file)
    return found
  }

  package static func value(
    _ name: String, _ x: Tensor, _ y: Tensor, _ clusters: ClusterBootstrap
  ) -> MeasuredValue {
    let (n, m) = (x.size(0), y.size(0))
    guard max(n, m) <= most else {
      return MeasuredValue(name, Gaussian(x).distance(to: Gaussian(y)), n: n)
    }
    let value = distance(x, y)
    let interval = clusters.interval(draws: resamples, around: value) {
      distance(x.indexed(0, $0), y)
    }
    return MeasuredValue(
      name, value, n: n,
      interval.map { Interval(max(0, $0.lower), max(0, $0.upper), $0.kind) })
  }

  /// The Frechet distance of features x [n, D] and y [m, D], n and m > 1.
  static func distance(_ x: Tensor, _ y: Tensor) -> Double {
    let (x, y) = (x.inFloat64(), y.inFloat64())
    let (a, b) = (x - x.mean(0), y - y.mean(0))
    let (n, m) = (Double(x.size(0) - 1), Double(y.size(0) - 1))
    let cross = a.matmul(b.transposed(0, 1)).singularValues().sum().item / (n * m).squareRoot()
    let traces = a.squared().sum().item / n + b.squared().sum().item / m
    return max(0, (x.mean(0) - y.mean(0)).squared().sum().item + traces - 2 * cross)
  }
}

// MARK: - Files

extension Gaussian {
  /// Reads `mu` [D] and `sigma` [D, D] of an `.npz`, as pytorch-fid writes it.
  /// - Throws: ``LetheError`` of the kind `model` for a file that does not hold them
  package static func load(_ file: URL) throws -> Gaussian {
    let arrays = try NPZ.read(file)
    guard let mu = arrays["mu"], let sigma = arrays["sigma"], mu.rank == 1,
      sigma.shape == [mu.count, mu.count], mu.dtype.isFloatingPoint, sigma.dtype.isFloatingPoint,
      mu.isFinite, sigma.isFinite
    else {
      throw LetheError.malformed(
        file,
        "finite arrays 'mu' [D] and 'sigma' [D, D] are needed; it has "
          + arrays.map { "'\($0)' \($1.shape)" }.sorted().joined(separator: ", "))
    }
    return Gaussian(mean: mu.to(.float64), covariance: sigma.to(.float64))
  }

  /// Writes `mu` and `sigma` as an `.npz`.
  package func save(to file: URL) throws {
    try NPZ.write(["mu": mean.to(.cpu), "sigma": covariance.to(.cpu)], to: file)
  }
}
