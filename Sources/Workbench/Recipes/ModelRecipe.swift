package import Torch
package import Training

/// Everything that makes a small Stable Diffusion: data, shapes, and how each stage is trained.
package struct ModelRecipe: Codable, Sendable {
  package struct DataSource: Codable, Sendable {
    package var folder = "data/emoji"
    package var objects: [String] = []
    package var styles = ["noto", "openmoji", "emojione", "symbola", "line"]
    package init() {}
  }
  package struct Tokenizer: Codable, Sendable {
    package var size = 1024
    package var length = 16
    package init() {}
  }
  package struct Autoencoder: Codable, Sendable {
    package var training = Training()
    /// Weight of KL(q || N(0, 1)), averaged over latent numbers, beside L1 + MSE.
    package var klWeight = 1e-3
    /// Share of pictures that are mirrored, 0 to 1.
    package var mirroredShare = 0.5
    package init() {}
  }
  /// Sharpens the decoder on latents that no longer move; the U-Net does not notice.
  package struct Decoder: Codable, Sendable {
    package var training = Training()
    /// Noise added to latents, as a deviation before scaling: a sampler's latents are never quite on the spot.
    package var noise = 0.05
    package init() {}
  }
  package struct Denoiser: Codable, Sendable {
    package var training = Training()
    /// gamma of min-SNR weighting (Hang et al., 2023).
    package var minSNR = 5.0
    package var sampleEvery = 1000
    package var sampleGuidance = 4.0
    package init() {}
  }
  package var kind = "stable-diffusion"
  package var name = "emoji"
  package var seed: UInt64 = 1
  /// A model folder whose tensors are the beginning, where names and shapes agree; empty for none.
  /// A smaller network can begin as a larger one with parts left out.
  package var start = ""
  package var data = DataSource()
  package var captions = Captions()
  package var tokenizer = Tokenizer()
  package var vae = JSON.object([:])
  package var unet = JSON.object([:])
  package var textEncoder = JSON.object([:])
  package var scheduler = JSON.object([:])
  package var autoencoder = Autoencoder()
  package var decoder = Decoder()
  package var denoiser = Denoiser()
  package init() {}
}
