/// Normalisation layers' arithmetic.
extension Operator {
  static let groupNorm = Operator("aten::group_norm")
  static let layerNorm = Operator("aten::layer_norm")
  static let batchNorm = Operator("aten::batch_norm")
}

extension Tensor {
  /// `aten::group_norm`. `self` is [N, C, ...]; statistics per group, affine per channel.
  package func groupNorm(_ groups: Int, _ weight: Tensor?, _ bias: Tensor?, eps: Double) -> Tensor {
    Operator.groupNorm(self, groups, weight, bias, eps)
  }

  /// `aten::layer_norm` over the last dimension.
  package func layerNorm(_ weight: Tensor?, _ bias: Tensor?, eps: Double) -> Tensor {
    Operator.layerNorm(self, [size(-1)], weight, bias, eps)
  }

  /// `aten::batch_norm`. With `training` the running statistics are updated in place.
  package func batchNorm(
    _ weight: Tensor?, _ bias: Tensor?, mean: Tensor, variance: Tensor, training: Bool,
    momentum: Double = 0.1, eps: Double = 1e-5
  ) -> Tensor {
    Operator.batchNorm(self, weight, bias, mean, variance, training, momentum, eps, false)
  }
}
