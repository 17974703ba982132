// Stochastic gradient descent with momentum: b <- momentum . b + g, theta <- theta - rate . b.
public import Torch

public struct SGD: Optimizer {
  let momentum, weightDecay: Double
  private var b: [Tensor] = []

  public init(momentum: Double = 0, weightDecay: Double = 0) {
    (self.momentum, self.weightDecay) = (momentum, weightDecay)
  }

  public mutating func step(_ parameters: [Tensor], _ gradients: [Tensor], rate: Double) {
    withoutGradients {
      let isFirst = b.isEmpty
      if isFirst, momentum != 0 { b = parameters.map { Tensor.zeros(like: $0) } }
      Foreach.sgd(
        parameters, gradients, momentum != 0 ? b : [], rate: rate, momentum: momentum,
        weightDecay: weightDecay, isFirst: isFirst)
    }
  }

  public var state: [String: Tensor] {
    get { Dictionary(uniqueKeysWithValues: b.enumerated().map { ("b.\($0)", $1) }) }
    set { b = (0..<newValue.count).compactMap { newValue["b.\($0)"]?.cloned() } }
  }
}
