// The contrastive loss of CLIP (Radford et al., ICML 2021) where several texts are true of a picture (Yang et al., CVPR
// 2022, eq. 1-4). With s = exp(scale), unit vectors i [B, P] and t [M, P], and Y[b, m] = 1 where text m is true of
// picture b:
//
//   L_it = - 1/B sum_b  1/|Y_b|  sum_m Y[b, m] log softmax_m( s i_b . t_m )
//   L_ti = - 1/M'sum_m  1/|Y^m|  sum_b Y[b, m] log softmax_b( s i_b . t_m )        (over the M' texts true of some picture)
//   L    = (L_it + L_ti) / 2
internal import Torch

/// The object and the style that a text names. Nil names none.
struct Fact: Hashable, Sendable {
  var object: Int?
  var style: Int?

  /// Whether a text of this fact is true of a drawing.
  func isTrue(object: Int, style: Int) -> Bool {
    (self.object ?? object) == object && (self.style ?? style) == style
  }
}

enum ContrastiveLoss {
  /// - Parameters:
  ///   - logits: s i t^T, [B, M]
  ///   - truth: Y, [B, M], 0 or 1; every row has a 1
  /// - Returns: L, a number without dimensions
  static func loss(_ logits: Tensor, truth y: Tensor) -> Tensor {
    let perPicture = y.sum(1, keepDimensions: true)  // |Y_b| [B, 1]
    let perText = y.sum(0, keepDimensions: true)  // |Y^m| [1, M]
    let named = perText.isGreater(than: 0).to(.float32)
    let pictures = -(y / perPicture * logits.logSoftmax(1)).sum() / Double(logits.size(0))
    let texts = -(y / perText.clamped(1, nil) * logits.logSoftmax(0)).sum() / named.sum()
    return (pictures + texts) / 2
  }
}
