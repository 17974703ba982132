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
      ? Operator.bilinearAntialiased(self, [height, width], false)
      : Operator.bilinear(self, [height, width], false)
  }

  /// Bicubic with antialiasing; 8-bit numbers stay such.
  package func resizedBicubic(_ height: Int, _ width: Int) -> Tensor {
    Operator.bicubicAntialiased(self, [height, width], false)
  }

  /// Samples [N, C, H, W] after the affine maps `theta` [N, 2, 3] of the unit square, bilinear,
  /// zeros outside.
  package func affine(_ theta: Tensor) -> Tensor {
    Operator.gridSample(self, Operator.affineGrid(theta, shape, false), 0, 0, false)
  }
}
