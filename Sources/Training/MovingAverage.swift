public import Torch

/// Exponential moving average of parameters, warmed up so that early steps do not dominate.
public struct MovingAverage {
  public let decay: Double
  public private(set) var tensors: [Tensor]

  public init(_ parameters: [Tensor], decay: Double) {
    self.decay = decay
    tensors = parameters.map { $0.detached().cloned() }
  }

  init(restoring tensors: [Tensor], decay: Double) { (self.tensors, self.decay) = (tensors, decay) }

  public func update(_ parameters: [Tensor], step: Int) {
    let d = min(decay, Double(1 + step) / Double(10 + step))
    withoutGradients { Foreach.lerp(tensors, to: parameters, 1 - d) }
  }
}
