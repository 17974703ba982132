package import Torch

/// y = x W^T + b, with W [out, in].
package struct Linear {
  package let weight: Tensor
  package let bias: Tensor?

  package init(_ s: Scope, _ input: Int, _ output: Int, bias: Bool = true) {
    weight = s.parameter("weight", [output, input], .fanIn(input))
    self.bias = bias ? s.parameter("bias", [output], .fanIn(input)) : nil
  }

  package func callAsFunction(_ x: Tensor) -> Tensor { x.linear(weight, bias) }
}
