import Diffusion
import Torch

extension NoiseSchedule {
  /// The schedule of Stable Diffusion 1.4.
  static func stableDiffusion() throws -> NoiseSchedule {
    try NoiseSchedule([
      "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear",
      "num_train_timesteps": 1000, "set_alpha_to_one": false, "steps_offset": 1,
      "clip_sample": false, "skip_prk_steps": true,
    ])
  }
}
