internal import Torch
internal import TorchNN
internal import Training

/// sum_i weight_i L_i and its gradient. The sum takes the memory of the first gradient.
struct WeightedGradient {
  /// In float64, on the device; nil for 0.
  var loss: Tensor?
  var sum: [Tensor] = []

  mutating func add(_ weight: Double, _ found: (loss: Tensor, gradients: [Tensor])) {
    let own = weight * found.loss
    loss = loss.map { $0 + own } ?? own
    withoutGradients {
      if sum.isEmpty {
        if weight != 1 { Foreach.scale(found.gradients, by: weight) }
        sum = found.gradients
      } else {
        Foreach.add(sum, found.gradients, times: weight)
      }
    }
  }

  /// The sum; zeros where nothing had a weight.
  func gradients(like parameters: [Tensor]) -> [Tensor] {
    sum.isEmpty ? parameters.map { Tensor.zeros(like: $0) } : sum
  }
}
