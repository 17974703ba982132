public import Torch

/// Convolution of [N, in, H, W] with a square kernel.
public struct Conv2d {
  public let weight: Tensor
  public let bias: Tensor?
  let stride: Int
  let padding: Int
  let groups: Int

  public init(
    _ s: Scope, _ input: Int, _ output: Int, kernel: Int, stride: Int = 1, padding: Int = 0,
    groups: Int = 1, bias: Bool = true
  ) {
    let fanIn = input / groups * kernel * kernel
    weight = s.parameter("weight", [output, input / groups, kernel, kernel], .fanIn(fanIn))
    self.bias = bias ? s.parameter("bias", [output], .fanIn(fanIn)) : nil
    (self.stride, self.padding, self.groups) = (stride, padding, groups)
  }

  public func callAsFunction(_ x: Tensor) -> Tensor {
    x.conv2d(weight, bias, stride: stride, padding: padding, groups: groups)
  }
}
