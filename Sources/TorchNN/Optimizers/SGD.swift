// Stochastic gradient descent with momentum: b <- momentum . b + g, theta <- theta - rate . b.
package import Torch

package struct SGD: Optimizer {
  let momentum, weightDecay: Double
  private var b: [Tensor] = []

  package init(momentum: Double = 0, weightDecay: Double = 0) {
    (self.momentum, self.weightDecay) = (momentum, weightDecay)
  }

  package mutating func step(_ parameters: [Tensor], _ gradients: [Tensor], rate: Double) {
    withoutGradients {
      let isFirst = b.isEmpty
      if isFirst, momentum != 0 { b = parameters.map { Tensor.zeros(like: $0) } }
      Foreach.sgd(
        parameters, gradients, momentum != 0 ? b : [], rate: rate, momentum: momentum,
        weightDecay: weightDecay, isFirst: isFirst)
    }
  }

  package func stateShapes(for parameters: [Tensor]) -> [String: [Int]] {
    guard momentum != 0 else { return [:] }
    return Dictionary(
      uniqueKeysWithValues: parameters.enumerated().map { ("b.\($0)", $1.shape) })
  }

  package var state: [String: Tensor] {
    get { Dictionary(uniqueKeysWithValues: b.enumerated().map { ("b.\($0)", $1) }) }
    set { b = (0..<newValue.count).compactMap { newValue["b.\($0)"]?.cloned() } }
  }
}
