/// Resizing [N, C, H, W].
extension Operator {
  static let nearest = Operator("aten::upsample_nearest2d")
  static let bilinear = Operator("aten::upsample_bilinear2d")
  static let bilinearAntialiased = Operator("aten::_upsample_bilinear2d_aa")
  static let bicubicAntialiased = Operator("aten::_upsample_bicubic2d_aa")
  static let gridSample = Operator("aten::grid_sampler")
  static let affineGrid = Operator("aten::affine_grid_generator")
}

extension Tensor {
  /// Every pixel `scale` times in both directions.
  package func upsampledNearest(_ scale: Int) -> Tensor {
    upsampledNearest(to: size(2) * scale, size(3) * scale)
  }
  package func upsampledNearest(to height: Int, _ width: Int) -> Tensor {
    Operator.nearest(self, [height, width])
  }
  package func resized(_ height: Int, _ width: Int, antialias: Bool = true) -> Tensor {
    antialias
      ? antialiased(.bilinearAntialiased, height, width)
      : Operator.bilinear(self, [height, width], false)
  }

  /// Bicubic with antialiasing; 8-bit numbers stay such.
  package func resizedBicubic(_ height: Int, _ width: Int) -> Tensor {
    antialiased(.bicubicAntialiased, height, width)
  }

  /// The kernels of libtorch 2.13 fail for three 8-bit channels and a result of one pixel, and for no single channel.
  private func antialiased(_ kernel: Operator, _ height: Int, _ width: Int) -> Tensor {
    guard dtype == .uint8, height == 1, width == 1 else {
      return kernel(self, [height, width], false)
    }
    let channels = reshaped([size(0) * size(1), 1, size(2), size(3)])
    return kernel(channels, [1, 1], false).reshaped([size(0), size(1), 1, 1])
  }

  /// Samples [N, C, H, W] after the affine maps `theta` [N, 2, 3] of the unit square, bilinear,
  /// zeros outside.
  package func affine(_ theta: Tensor) -> Tensor {
    Operator.gridSample(self, Operator.affineGrid(theta, shape, false), 0, 0, false)
  }
}
