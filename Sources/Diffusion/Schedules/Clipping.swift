// x_0 kept in range: dynamic thresholding (Saharia et al., 2022, section 2.3), or a plain clip.
//
//   s = min(max(quantile(|x0|, ratio), 1), limit),   x0 <- clamp(x0, -s, s) / s
internal import Torch

struct Clipping {
  private enum Kind {
    case none
    case clip(Double)
    case threshold(ratio: Double, limit: Double)
  }
  private let kind: Kind

  /// - Parameters:
  ///   - clips: whether `clip_sample` holds where the configuration does not say; nil for classes without it
  ///   - thresholds: whether the class knows `thresholding`, which wins over the clip
  init(_ config: ComponentConfig, clips: Bool?, thresholds: Bool = true) throws {
    if thresholds, try config.bool("thresholding", false) {
      let ratio = try config.number("dynamic_thresholding_ratio", 0.995)
      guard (0...1).contains(ratio) else {
        throw config.refusing("dynamic_thresholding_ratio", "accepted: 0 to 1")
      }
      kind = .threshold(ratio: ratio, limit: try config.positive("sample_max_value", 1))
    } else if let clips, try config.bool("clip_sample", clips) {
      kind = .clip(try config.positive("clip_sample_range", 1))
    } else {
      kind = .none
    }
  }

  /// x_0 [B, C, H, W] -> x_0 in range; each picture has its own quantile.
  func callAsFunction(_ x0: Tensor) -> Tensor {
    switch kind {
    case .none: return x0
    case .clip(let range): return x0.clamped(-range, range)
    case .threshold(let ratio, let limit):
      let quantiles = x0.abs().reshaped([x0.size(0), -1]).quantile(ratio, along: 1)  // [B]
      let s = quantiles.clamped(1, max(limit, 1))
        .reshaped([x0.size(0)] + x0.shape.dropFirst().map { _ in 1 })  // [B, 1, 1, 1]
      return x0.maximum(-s).minimum(s) / s
    }
  }
}
