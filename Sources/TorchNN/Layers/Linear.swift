public import Torch

/// y = x W^T + b, with W [out, in].
public struct Linear {
  public let weight: Tensor
  public let bias: Tensor?

  public init(_ s: Scope, _ input: Int, _ output: Int, bias: Bool = true) {
    weight = s.parameter("weight", [output, input], .fanIn(input))
    self.bias = bias ? s.parameter("bias", [output], .fanIn(input)) : nil
  }

  public func callAsFunction(_ x: Tensor) -> Tensor { x.linear(weight, bias) }
}
