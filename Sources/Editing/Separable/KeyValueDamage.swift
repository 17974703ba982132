// The share of keys and values that regular prompts lose to erasers, on average over their token rows e and the M
// key and value matrices:
//
//   (1/M) sum_l  mean | e dW_l^T |^2 / mean | e W_l^T |^2,      dW_l = w_l (beta S)
//
// from second moments of the rows, mean e^T e: no network is run.
package import Diffusion
package import Torch
internal import TorchNN

package struct KeyValueDamage {
  /// For each eraser: C = beta S (mean e^T e) S^T beta, [n, n]; nil where its space knows no regular prompts.
  private let moments: [Tensor?]
  /// For each eraser: mean | e W_l^T |^2 by path.
  private let powers: [[ParameterPath: Double]]

  package init(_ spaces: [NullSpace], _ erasers: [EraserFactors], _ model: DiffusionModel) {
    moments = zip(spaces, erasers).map { space, eraser in
      guard let regular = space.regular else { return nil }
      let s = eraser.basis.to(.cpu, .float64)
      return s.matmul(regular).matmul(s.transposed(0, 1)).to(model.device, .float32)
    }
    powers = zip(spaces, erasers).map { space, eraser in
      guard let regular = space.regular else { return [:] }
      var powers: [ParameterPath: Double] = [:]
      for path in eraser.weights.keys {
        guard let w = model.parameters[path]?.to(.cpu, .float64) else { continue }
        powers[path] = (w.matmul(regular) * w).sum().item
      }
      return powers
    }
  }

  /// `weight` times the sum over erasers; gradients reach the weights.
  package func loss(_ erasers: [EraserFactors], weight: Double) -> Tensor {
    var total: Tensor?
    for (i, eraser) in erasers.enumerated() {
      guard weight > 0, let c = moments[i] else { continue }
      // All layers at once: | e dW_l^T |^2 / | e W_l^T |^2 is linear in w_l C w_l^T.
      let paths = eraser.weights.keys.sorted()
      let w = Tensor.concatenate(
        paths.compactMap { path in
          eraser.weights[path].map { $0 / max(powers[i][path] ?? 1, 1e-12).squareRoot() }
        })
      let term = (weight / Double(paths.count)) * (w.matmul(c) * w).sum()
      total = total.map { $0 + term } ?? term
    }
    return total ?? Tensor.zeros([])
  }
}
