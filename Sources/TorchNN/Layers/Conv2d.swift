package import Torch

/// Convolution of [N, in, H, W] with a square kernel.
package struct Conv2d {
  package let weight: Tensor
  package let bias: Tensor?
  let stride: Int
  let padding: Int
  let groups: Int

  package init(
    _ s: Scope, _ input: Int, _ output: Int, kernel: Int, stride: Int = 1, padding: Int = 0,
    groups: Int = 1, bias: Bool = true
  ) {
    let fanIn = input / groups * kernel * kernel
    // A kernel of one pixel over one pixel is the product of a row with a matrix.
    weight = s.parameter(
      "weight", [output, input / groups, kernel, kernel], .fanIn(fanIn), aligned: kernel == 1)
    self.bias = bias ? s.parameter("bias", [output], .fanIn(fanIn)) : nil
    (self.stride, self.padding, self.groups) = (stride, padding, groups)
  }

  package func callAsFunction(_ x: Tensor) -> Tensor {
    x.conv2d(weight, bias, stride: stride, padding: padding, groups: groups)
  }
}
