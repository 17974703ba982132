// Adam (Kingma & Ba, 2015) and AdamW (Loshchilov & Hutter, 2019), on ATen's fused kernels.
//
//   m <- beta1 m + (1 - beta1) g          v <- beta2 v + (1 - beta2) g^2
//   theta <- theta - rate . (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps)
//
// Weight decay w: Adam adds w . theta to g ("coupled", L2), AdamW multiplies theta by 1 - rate . w.
internal import Foundation
package import Torch

package struct Adam: Optimizer {
  let beta1, beta2, eps, weightDecay: Double
  let decoupled: Bool
  private var m: [Tensor] = []
  private var v: [Tensor] = []
  private var t: [Tensor] = []

  package init(_ options: OptimizerOptions = .init(), decoupled: Bool) {
    (beta1, beta2, eps) = (options.beta1, options.beta2, options.eps)
    (weightDecay, self.decoupled) = (options.weightDecay, decoupled)
  }

  package mutating func step(_ parameters: [Tensor], _ gradients: [Tensor], rate: Double) {
    withoutGradients {
      if m.isEmpty {
        m = parameters.map { Tensor.zeros(like: $0) }
        v = parameters.map { Tensor.zeros(like: $0) }
        t = parameters.map { Tensor.zeros([], on: $0.device) }
      }
      for count in t { count.add(.scalar(1)) }
      Foreach.adam(
        parameters, gradients, m, v, t, rate: rate, beta1: beta1, beta2: beta2,
        weightDecay: weightDecay, eps: eps, decoupled: decoupled)
    }
  }

  /// P = 1 / (sqrt(v / (1 - beta2^t)) + eps)
  package var preconditioner: [Tensor]? {
    guard let count = t.first?.item, count > 0 else { return [] }
    return withoutGradients {
      v.map { 1 / (($0 / (1 - pow(beta2, count))).sqrt() + eps) }
    }
  }

  package var trial: TrialStep? {
    let count = (t.first?.item ?? 0) + 1
    return { parameter, theta, gradient in
      withoutGradients {
        let g = decoupled ? gradient : gradient + weightDecay * theta
        let (old, oldSquare) =
          m.isEmpty
          ? (Tensor.zeros(like: g), Tensor.zeros(like: g)) : (m[parameter], v[parameter])
        let mean = (beta1 * old + (1 - beta1) * g) / (1 - pow(beta1, count))
        let square = (beta2 * oldSquare + (1 - beta2) * g.squared()) / (1 - pow(beta2, count))
        let p = 1 / (square.sqrt() + eps)
        return (decoupled ? p * mean + weightDecay * theta : p * mean, p)
      }
    }
  }

  package func stateShapes(for parameters: [Tensor]) -> [String: [Int]] {
    parameters.enumerated().reduce(into: [:]) { shapes, parameter in
      let (i, tensor) = parameter
      (shapes["m.\(i)"], shapes["v.\(i)"], shapes["t.\(i)"]) = (tensor.shape, tensor.shape, [])
    }
  }

  package var state: [String: Tensor] {
    get {
      var all: [String: Tensor] = [:]
      for i in m.indices {
        all["m.\(i)"] = m[i]
        all["v.\(i)"] = v[i]
        all["t.\(i)"] = t[i]
      }
      return all
    }
    set {
      let count = newValue.keys.filter { $0.hasPrefix("m.") }.count
      m = (0..<count).compactMap { newValue["m.\($0)"]?.cloned() }
      v = (0..<count).compactMap { newValue["v.\($0)"]?.cloned() }
      t = (0..<count).compactMap { newValue["t.\($0)"]?.cloned() }
    }
  }
}
