package import Torch
package import Training

/// The recipe of a small Stable Diffusion: data, shapes, and the training of each stage.
package struct ModelRecipe: Codable, Sendable {
  /// A folder of drawings of objects in styles, and the objects and styles to take.
  package struct DataSource: Codable, Sendable {
    package var folder = "data/emoji"
    package var objects: [String] = []
    package var styles = ["noto", "openmoji", "emojione", "symbola", "line"]
    package init() {}
  }
  /// The number of tokens of the vocabulary, and of a prompt.
  package struct Tokenizer: Codable, Sendable {
    package var size = 1024
    package var length = 16
    package init() {}
  }
  /// The training of the autoencoder.
  package struct Autoencoder: Codable, Sendable {
    package var training = Training()
    /// Weight of KL(q || N(0, 1)), averaged over the latent's numbers, beside L1 + MSE. 0 or more.
    package var klWeight = 1e-3
    /// Share of pictures that are mirrored, 0 to 1.
    package var mirroredShare = 0.5
    package init() {}
  }
  /// The training of the decoder on fixed latents, after the denoiser's. It sharpens pictures and leaves the U-Net as
  /// it is.
  package struct Decoder: Codable, Sendable {
    package var training = Training()
    /// Standard deviation of the noise on latents, before scaling. It stands for the error of sampled latents.
    package var noise = 0.05
    package init() {}
  }
  /// The training of text encoder and U-Net.
  package struct Denoiser: Codable, Sendable {
    package var training = Training()
    /// gamma of min-SNR weighting (Hang et al., ICCV 2023), above 0.
    package var minSNR = 5.0
    /// Steps between grids of sample pictures.
    package var sampleEvery = 1000
    /// Guidance scale of the sample pictures.
    package var sampleGuidance = 4.0
    package init() {}
  }
  package var kind = "stable-diffusion"
  package var name = "emoji"
  package var seed: UInt64 = 1
  /// A model folder whose tensors are the initial weights where names and shapes agree. Empty for none. A smaller
  /// network can begin as a larger one with parts left out.
  package var start = ""
  package var data = DataSource()
  package var captions = Captions()
  package var tokenizer = Tokenizer()
  /// The configuration of diffusers' `AutoencoderKL`.
  package var vae = JSON.object([:])
  /// The configuration of diffusers' `UNet2DConditionModel`.
  package var unet = JSON.object([:])
  /// The configuration of transformers' `CLIPTextModel`.
  package var textEncoder = JSON.object([:])
  /// The configuration of the noise schedule.
  package var scheduler = JSON.object([:])
  package var autoencoder = Autoencoder()
  package var decoder = Decoder()
  package var denoiser = Denoiser()
  package init() {}
}
