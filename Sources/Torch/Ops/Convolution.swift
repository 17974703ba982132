/// Convolution and pooling on [N, C, H, W].
extension Operator {
  static let conv2d = Operator("aten::conv2d")
  static let avgPool2d = Operator("aten::avg_pool2d")
  static let maxPool2d = Operator("aten::max_pool2d")
}

extension Tensor {
  /// `aten::conv2d`: weight [O, C / groups, k, k].
  package func conv2d(
    _ weight: Tensor, _ bias: Tensor?, stride: Int = 1, padding: Int = 0, groups: Int = 1
  ) -> Tensor {
    Operator.conv2d(self, weight, bias, [stride, stride], [padding, padding], [1, 1], groups)
  }
  package func averagePooled(_ size: Int) -> Tensor { Operator.avgPool2d(self, [size, size]) }
  package func maxPooled(_ size: Int) -> Tensor { Operator.maxPool2d(self, [size, size]) }
  package func maxPooled(_ size: Int, stride: Int, padding: Int) -> Tensor {
    Operator.maxPool2d(self, [size, size], [stride, stride], [padding, padding])
  }
}
