// Kernel inception distance (Binkowski et al., ICLR 2018): the unbiased MMD^2 of Inception's features,
//
//   k(x, y) = (x . y / D + 1)^3
//   MMD^2   = sum_{i != j} k(x_i, x_j) / (n (n - 1)) + sum_{i != j} k(y_i, y_j) / (m (m - 1)) - 2 mean_{i, j} k(x_i, y_j)
//
// All pairs are taken, so no subsets are drawn. Values below 0 are right.
package import Torch

/// KID in an input profile of ``InceptionInput``, for few pictures.
package struct KID: InceptionMetric {
  package static let measure = PictureMeasure.kid
  package let network: InceptionV3
  package let input: InceptionInput
  package let version: String

  package init(_ network: InceptionV3, _ input: InceptionInput, version: String = "") {
    (self.network, self.input, self.version) = (network, input, version)
  }

  /// KID of features x [n, D] and y [m, D].
  package static func value(
    _ name: String, _ x: Tensor, _ y: Tensor, _ clusters: ClusterBootstrap
  ) -> MeasuredValue {
    let (x, y) = (x.inFloat64(), y.inFloat64())
    func kernel(_ a: Tensor, _ b: Tensor) -> Tensor {
      (a.matmul(b.transposed(0, 1)) / Double(a.size(1)) + 1).pow(3)
    }
    let (xx, yy, xy) = (kernel(x, x), kernel(y, y), kernel(x, y).mean(1))
    let m = Double(y.size(0))
    let others = (yy.sum().item - yy.diagonal().sum().item) / (m * (m - 1))
    let diagonal = xx.diagonal()
    /// w [n] says how often each picture occurs. Pairs of a picture with itself do not count.
    func mmd(_ w: Tensor) -> Double {
      let n = w.sum().item
      let pairs = w.dot(xx.matmul(w)).item - (w.squared() * diagonal).sum().item
      let own = pairs / (n * n - w.squared().sum().item)
      return own + others - 2 * w.dot(xy).item / n
    }
    return clusters.weighted(name, x.size(0), mmd)
  }
}
