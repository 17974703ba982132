package import Torch

/// The steps from pictures to the network's input in the published programs that compute FID. Their numbers cannot be
/// compared with each other.
package enum InceptionInput: String, CaseIterable, Sendable, Hashable {
  /// pytorch-fid 0.3: bilinear without antialiasing, on numbers in [0, 1].
  case pytorchFID = "pytorch-fid"
  /// clean-fid 0.1, mode `clean`: PIL's bicubic on float numbers in [0, 255], which are not rounded.
  case cleanFID = "clean-fid"
  /// torchmetrics 1.9: bilinear with antialiasing, on numbers in [0, 255].
  case torchmetrics
  /// T2IBenchmark, which AdvUnlearn and UnlearnDiffAtk use: the middle square, bicubic on 8-bit numbers.
  case t2iBenchmark = "t2i-benchmark"

  package static let size = 299

  /// Pictures [N, 3, H, W] in [-1, 1], rounded to 8 bits -> [N, 3, 299, 299] in about [-1, 1]
  package func callAsFunction(_ pictures: Tensor) -> Tensor {
    let bytes = ((pictures.to(.float32) / 2 + 0.5).clamped(0, 1) * 255).rounded()
    let n = Self.size
    switch self {
    case .pytorchFID: return 2 * (bytes / 255).resized(n, n, antialias: false) - 1
    case .cleanFID: return (bytes.resizedBicubic(n, n).clamped(0, 255) - 128) / 128
    case .torchmetrics: return (bytes.resized(n, n) - 128) / 128
    case .t2iBenchmark:
      let (h, w) = (bytes.size(2), bytes.size(3))
      let side = min(h, w)
      let square = bytes.narrowed(2, (h - side) / 2, side).narrowed(3, (w - side) / 2, side)
      let small = square.to(.uint8).contiguous().resizedBicubic(n, n)
      return 2 * (small.to(.float32) / 255) - 1
    }
  }
}

extension InceptionV3 {
  /// The features of pictures [N, 3, H, W] in [-1, 1], computed 16 at a time: [N, 2048] on the CPU.
  package func features(_ pictures: Tensor, _ input: InceptionInput) -> Tensor {
    withoutGradients {
      Tensor.concatenate(
        pictures.passes(atMost: 16).map {
          features(input(pictures.rows($0)).to(device)).to(.cpu)
        })
    }
  }
}
