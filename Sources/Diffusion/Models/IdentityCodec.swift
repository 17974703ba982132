internal import Torch

/// The codec of a model over pixels, which copies them. A model of one channel takes the mean of a picture's three and
/// draws grey pictures.
struct IdentityCodec: LatentCodec {
  let factor = 1
  let scalingFactor = 1.0
  private let channels: Int

  init(channels: Int, _ config: ComponentConfig) throws {
    guard channels == 1 || channels == 3 else {
      throw config.refusing("in_channels", "1, 3")
    }
    self.channels = channels
  }

  func posterior(_ image: Tensor) -> (mean: Tensor, logVariance: Tensor) {
    let x = channels == 1 ? image.mean(1).unsqueezed(1) : image
    return (x, Tensor.full(x.shape, -Double.infinity).to(x.device))
  }

  func reconstruct(_ z: Tensor) -> Tensor {
    (channels == 1 ? Tensor.concatenate([z, z, z], 1) : z).clamped(-1, 1)
  }
}
