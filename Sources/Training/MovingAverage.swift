package import Torch

/// Exponential moving average of parameters, warmed up so that early steps do not dominate.
package struct MovingAverage {
  package let decay: Double
  package private(set) var tensors: [Tensor]

  package init(_ parameters: [Tensor], decay: Double) {
    self.decay = decay
    tensors = parameters.map { $0.detached().cloned() }
  }

  init(restoring tensors: [Tensor], decay: Double) { (self.tensors, self.decay) = (tensors, decay) }

  package func update(_ parameters: [Tensor], step: Int) {
    let d = min(decay, Double(1 + step) / Double(10 + step))
    withoutGradients { Foreach.lerp(tensors, to: parameters, 1 - d) }
  }
}
