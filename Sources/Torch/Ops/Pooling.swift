/// Pooling and convolution of [N, C, H, W] with every option that published networks use.
extension Operator {
  static let bicubic = Operator("aten::upsample_bicubic2d")
}

extension Tensor {
  /// `aten::avg_pool2d`.
  /// - Parameter countsPadding: whether the zeros around a picture count in the average
  package func averagePooled(_ size: Int, stride: Int, padding: Int, countsPadding: Bool) -> Tensor
  {
    Operator.avgPool2d(
      self, [size, size], [stride, stride], [padding, padding], false, countsPadding)
  }

  /// `aten::max_pool2d`.
  /// - Parameter ceil: whether a window that is cut off at the right or lower edge counts
  package func maxPooled(_ size: Int, stride: Int, padding: Int = 0, ceil: Bool = false) -> Tensor {
    Operator.maxPool2d(self, [size, size], [stride, stride], [padding, padding], [1, 1], ceil)
  }

  /// `aten::conv2d` with a padding of its own for rows and columns.
  package func conv2d(_ weight: Tensor, stride: Int, rows: Int, columns: Int) -> Tensor {
    Operator.conv2d(self, weight, Tensor?.none, [stride, stride], [rows, columns], [1, 1], 1)
  }
}
