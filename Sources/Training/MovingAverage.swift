package import Torch

/// Exponential moving average of parameters:
///
///   average <- d average + (1 - d) parameters,    d = decay, or min(decay, (1 + step) / (10 + step)) where it warms up
///
/// The weights that the training began with keep a share of decay^steps without the warm-up, and about none with it.
package struct MovingAverage {
  package let decay: Double
  package let warmsUp: Bool
  package private(set) var tensors: [Tensor]

  package init(_ parameters: [Tensor], decay: Double, warmsUp: Bool) {
    (self.decay, self.warmsUp) = (decay, warmsUp)
    tensors = parameters.map { $0.detached().cloned() }
  }

  /// The same average with tensors of a file.
  func restored(_ tensors: [Tensor]) -> MovingAverage {
    var average = self
    average.tensors = tensors
    return average
  }

  package func update(_ parameters: [Tensor], step: Int) {
    let early = Double(1 + step) / Double(10 + step)
    let d = warmsUp ? min(decay, early) : decay
    withoutGradients { Foreach.lerp(tensors, to: parameters, 1 - d) }
  }
}
