package import Torch

/// y = x W^T + b, with W [out, in].
package struct Linear {
  package let weight: Tensor
  package let bias: Tensor?

  /// - Parameter ofOneRow: whether x may be a single row, whose product then is the same from whichever file W comes
  package init(
    _ s: Scope, _ input: Int, _ output: Int, bias: Bool = true, ofOneRow: Bool = false
  ) {
    weight = s.parameter("weight", [output, input], .fanIn(input), aligned: ofOneRow)
    self.bias = bias ? s.parameter("bias", [output], .fanIn(input)) : nil
  }

  package func callAsFunction(_ x: Tensor) -> Tensor { x.linear(weight, bias) }
}
