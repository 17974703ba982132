package import Torch
package import Training

/// The recipe of a small Stable Diffusion: data, shapes, and the training of each stage.
package struct ModelRecipe: Codable, Sendable {
  /// A folder of drawings of objects in styles, and the objects and styles to take.
  package struct DataSource: Codable, Sendable {
    /// The folder of the data, relative to `--data`.
    package var folder = "data"
    /// Names of objects to take from it, each once. A model needs one at least; a judge of classes takes all without.
    package var objects: [String] = []
    /// Names of styles to take, each once; they are subfolders.
    package var styles: [String] = []
    package init() {}
  }
  /// The number of tokens of the vocabulary, and of a prompt.
  package struct Tokenizer: Codable, Sendable {
    /// Tokens of the vocabulary, 514 to 1,000,000. Raise it where the captions have many words.
    package var size = 1024
    /// Tokens of a prompt, 3 to 4096, with those that start and end it. A longer prompt is cut.
    package var length = 16
    package init() {}
  }
  /// The training of the autoencoder.
  package struct Autoencoder: Codable, Sendable {
    /// The course of the training. Raise `steps` where drawings come back blurred.
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
    /// The course of the training. 0 steps leave it out.
    package var training = Training()
    /// Standard deviation of the noise on latents, before scaling, from 0. It stands for the error of sampled latents.
    package var noise = 0.05
    package init() {}
  }
  /// The training of text encoder and U-Net.
  package struct Denoiser: Codable, Sendable {
    /// The course of the training. Raise `steps` where pictures do not follow their prompts.
    package var training = Training()
    /// gamma of min-SNR weighting (Hang et al., ICCV 2023), above 0. A lower one gives noisy pictures more weight.
    package var minSNR = 5.0
    /// Steps from one grid of sample pictures to the next, from 1.
    package var sampleEvery = 1000
    /// Guidance of the sample pictures, from 1.
    package var sampleGuidance = 4.0
    package init() {}
  }
  /// The kind of network that the recipe trains: `stable-diffusion`.
  package var kind = "stable-diffusion"
  /// Name of the model. Its `themes.json` looks for the judge in `../judges/NAME`.
  package var name = "model"
  /// The seed of the weights and of all draws.
  package var seed: UInt64 = 1
  /// A model folder whose tensors are the initial weights where names and shapes agree. Empty for none. A smaller
  /// network can begin as a larger one with parts left out.
  package var start = ""
  /// Drawings of objects in styles.
  package var data = DataSource()
  /// The texts of a drawing, one of which is drawn in each step.
  package var captions = Captions()
  /// The size of the vocabulary, which is learned from the captions, and the length of a prompt.
  package var tokenizer = Tokenizer()
  /// The configuration of diffusers' `AutoencoderKL`.
  package var vae = JSON.object([:])
  /// The configuration of diffusers' `UNet2DConditionModel`.
  package var unet = JSON.object([:])
  /// The configuration of transformers' `CLIPTextModel`.
  package var textEncoder = JSON.object([:])
  /// The configuration of the noise schedule.
  package var scheduler = JSON.object([:])
  /// The training of the autoencoder, the first stage.
  package var autoencoder = Autoencoder()
  /// The training of the decoder alone, the last stage.
  package var decoder = Decoder()
  /// The training of text encoder and U-Net, the second stage.
  package var denoiser = Denoiser()
  package init() {}
}
