// The size of an array whose shape comes from a file.

extension DType {
  /// Bytes of an array of this element type. It is nil for a negative dimension, and where the product of the
  /// dimensions that are not 0 does not fit: libtorch computes strides of empty arrays too.
  package func bytes(of shape: [Int]) -> Int? {
    var strides = size
    for dimension in shape {
      let (product, overflow) = strides.multipliedReportingOverflow(by: max(1, dimension))
      guard dimension >= 0, !overflow else { return nil }
      strides = product
    }
    return shape.contains(0) ? 0 : strides
  }
}
