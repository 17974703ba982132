package import Torch

/// The order of a convolution's weights in memory. libtorch gives a convolution's output the order of its weights, so that a
/// network needs no other change.
package enum ConvolutionLayout {
  /// Has all weights that are loaded inside in the order of a GPU's half precision, for tests on machines without one.
  @TaskLocal package static var isChannelsLastEverywhere = false

  /// Whether channels are innermost: NVIDIA's matrix units take half precision in this order, and turn other orders round
  /// before and after each convolution.
  static func isChannelsLast(_ weight: Tensor) -> Bool {
    if isChannelsLastEverywhere { return true }
    return weight.device.kind == .cuda && (weight.dtype == .float16 || weight.dtype == .bfloat16)
  }
}

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
      "weight", [output, input / groups, kernel, kernel], .fanIn(fanIn), aligned: kernel == 1,
      convolves: true)
    self.bias = bias ? s.parameter("bias", [output], .fanIn(fanIn)) : nil
    (self.stride, self.padding, self.groups) = (stride, padding, groups)
  }

  package func callAsFunction(_ x: Tensor) -> Tensor {
    x.conv2d(weight, bias, stride: stride, padding: padding, groups: groups)
  }
}
