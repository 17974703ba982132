package import Torch

/// Normalises groups of channels of [N, C, ...].
package struct GroupNorm {
  let groups: Int
  let eps: Double
  let weight: Tensor
  let bias: Tensor

  package init(_ s: Scope, groups: Int, channels: Int, eps: Double) {
    (self.groups, self.eps) = (groups, eps)
    weight = s.parameter("weight", [channels], .ones)
    bias = s.parameter("bias", [channels], .zeros)
  }

  package func callAsFunction(_ x: Tensor) -> Tensor { x.groupNorm(groups, weight, bias, eps: eps) }
}

/// Normalises the last dimension.
package struct LayerNorm {
  let eps: Double
  let weight: Tensor
  let bias: Tensor

  package init(_ s: Scope, _ width: Int, eps: Double = 1e-5) {
    self.eps = eps
    weight = s.parameter("weight", [width], .ones)
    bias = s.parameter("bias", [width], .zeros)
  }

  package func callAsFunction(_ x: Tensor) -> Tensor { x.layerNorm(weight, bias, eps: eps) }
}

/// Normalises channels over the batch; keeps running statistics for inference.
package struct BatchNorm2d {
  let weight: Tensor
  let bias: Tensor
  let mean: Tensor
  let variance: Tensor

  package init(_ s: Scope, _ channels: Int) {
    weight = s.parameter("weight", [channels], .ones)
    bias = s.parameter("bias", [channels], .zeros)
    mean = s.parameter("running_mean", [channels], .zeros)
    variance = s.parameter("running_var", [channels], .ones)
  }

  package func callAsFunction(_ x: Tensor, training: Bool) -> Tensor {
    x.batchNorm(weight, bias, mean: mean, variance: variance, training: training)
  }
}
