internal import Torch
internal import TorchNN

/// diffusers `ResnetBlock2D`: two convolutions around a time embedding, with a shortcut.
struct ResnetBlock2D {
  let norm1: GroupNorm
  let conv1: Conv2d
  let timeEmbProj: Linear?
  let norm2: GroupNorm
  let dropout: Dropout?
  let conv2: Conv2d
  let convShortcut: Conv2d?

  init(
    _ s: Scope, in i: Int, out o: Int, time: Int?, groups: Int, eps: Double, dropout: Dropout? = nil
  ) {
    norm1 = GroupNorm(s["norm1"], groups: groups, channels: i, eps: eps)
    conv1 = Conv2d(s["conv1"], i, o, kernel: 3, padding: 1)
    timeEmbProj = time.map { Linear(s["time_emb_proj"], $0, o, ofOneRow: true) }
    norm2 = GroupNorm(s["norm2"], groups: groups, channels: o, eps: eps)
    self.dropout = dropout
    conv2 = Conv2d(s["conv2"], o, o, kernel: 3, padding: 1)
    convShortcut = i == o ? nil : Conv2d(s["conv_shortcut"], i, o, kernel: 1)
  }

  /// x [B, in, H, W]; `time` is silu(time embedding) [B, T], shared by all blocks -> [B, out, H, W]
  func callAsFunction(_ x: Tensor, time: Tensor? = nil) -> Tensor {
    var h = conv1(norm1(x).silu())
    if let time, let timeEmbProj { h = h + timeEmbProj(time).unsqueezed(-1, -1) }
    h = norm2(h).silu()
    h = conv2(dropout?(h) ?? h)
    return (convShortcut?(x) ?? x) + h
  }
}

/// Halves height and width with a strided convolution.
struct Downsample2D {
  let conv: Conv2d
  let padsAfter: Bool

  /// - Parameter padsAfter: the VAE pads right and bottom only, the U-Net all sides.
  init(_ s: Scope, _ channels: Int, padsAfter: Bool = false) {
    conv = Conv2d(s["conv"], channels, channels, kernel: 3, stride: 2, padding: padsAfter ? 0 : 1)
    self.padsAfter = padsAfter
  }

  func callAsFunction(_ x: Tensor) -> Tensor { conv(padsAfter ? x.padded([0, 1, 0, 1]) : x) }
}

/// Doubles height and width, nearest neighbour, then convolves.
struct Upsample2D {
  let conv: Conv2d

  init(_ s: Scope, _ channels: Int) {
    conv = Conv2d(s["conv"], channels, channels, kernel: 3, padding: 1)
  }

  /// - Parameter size: height and width to reach when they are odd multiples
  func callAsFunction(_ x: Tensor, to size: (Int, Int)? = nil) -> Tensor {
    guard let size else { return conv(x.upsampledNearest(2)) }
    return conv(x.upsampledNearest(to: size.0, size.1))
  }
}
