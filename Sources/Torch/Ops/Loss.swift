/// Training losses, averaged over all elements.
extension Operator {
  static let mse = Operator("aten::mse_loss")
  static let l1 = Operator("aten::l1_loss")
  static let crossEntropy = Operator("aten::cross_entropy_loss")
}

extension Tensor {
  /// Mean of (self - target)^2.
  public func meanSquaredError(_ target: Tensor) -> Tensor { Operator.mse(self, target) }
  /// Mean of |self - target|.
  public func meanAbsoluteError(_ target: Tensor) -> Tensor { Operator.l1(self, target) }

  /// `self` are logits [N, K]; `classes` is `int64` [N].
  public func crossEntropy(_ classes: Tensor, smoothing: Double = 0) -> Tensor {
    Operator.crossEntropy(self, classes, Int?.none, 1, -100, smoothing)
  }
}
