// Keys of `scheduler_config.json`, by the scheduler that reads them.
import Diffusion
import Torch

extension Refusal {
  /// - Parameter more: values of other keys, without which the key is not read
  private static func scheduler(
    _ name: String, _ key: String, _ value: JSON, _ more: [String: JSON] = [:]
  ) -> Refusal {
    Refusal(title("scheduler_config.json of \(name)", key, value)) { _ in
      var json = JSON.object(more)
      json["_class_name"] = .string("\(name)Scheduler")
      json[key] = value
      let schedule = try NoiseSchedule(json)
      _ = try Samplers.named(Samplers.model, for: schedule).init(schedule, steps: 10)
    }
  }

  static var schedulers: [Refusal] {
    let betas: [(String, JSON)] = [
      ("num_train_timesteps", -1), ("num_train_timesteps", 1), ("beta_start", 0), ("beta_end", 2),
      ("beta_end", 0.999999), ("beta_schedule", "sigmoid"), ("trained_betas", [2, 0.1]),
      ("prediction_type", "flow_prediction"), ("rescale_betas_zero_snr", "no"),
      ("steps_offset", .int(.max)), ("steps_offset", 1000), ("timestep_spacing", "even"),
      ("set_alpha_to_one", 1), ("thresholding", 1), ("clip_sample", 1),
      ("_class_name", "FlowMatchEulerDiscreteScheduler"),
    ]
    return betas.map { scheduler("DDIM", $0, $1) } + [
      scheduler("DDIM", "clip_sample_range", -1, ["clip_sample": true]),
      scheduler("DDIM", "dynamic_thresholding_ratio", 2, ["thresholding": true]),
      scheduler("DDIM", "sample_max_value", 0, ["thresholding": true]),
      scheduler("DDPM", "variance_type", "learned"),
      scheduler("TCD", "set_alpha_to_one", 1),
      scheduler("TCD", "original_inference_steps", 0),
      scheduler("LCM", "timestep_scaling", 0), scheduler("LCM", "original_inference_steps", 2000),
      scheduler("PNDM", "prediction_type", "sample"), scheduler("PNDM", "set_alpha_to_one", 1),
      scheduler("PNDM", "skip_prk_steps", "no"),
    ] + paths + solvers
  }

  private static var paths: [Refusal] {
    [
      scheduler("EulerDiscrete", "interpolation_type", "cubic"),
      scheduler("EulerDiscrete", "timestep_type", "other"),
      scheduler("EulerDiscrete", "final_sigmas_type", "other"),
      scheduler("EulerDiscrete", "use_karras_sigmas", 1),
      scheduler("EulerDiscrete", "use_exponential_sigmas", true, ["use_karras_sigmas": true]),
      scheduler("EulerDiscrete", "use_beta_sigmas", "no"),
      scheduler("EulerDiscrete", "sigma_max", -1, ["use_karras_sigmas": true]),
      scheduler("EulerDiscrete", "sigma_min", 0, ["use_karras_sigmas": true]),
      scheduler("EulerAncestralDiscrete", "prediction_type", "sample"),
      scheduler("HeunDiscrete", "use_karras_sigmas", 1),
      scheduler("HeunDiscrete", "clip_sample", 1),
      scheduler("EDMEuler", "final_sigmas_type", "other"), scheduler("EDMEuler", "rho", 3),
      scheduler("EDMEuler", "sigma_min", -1), scheduler("EDMEuler", "sigma_max", 0),
      scheduler("EDMEuler", "sigma_schedule", "linear"), scheduler("EDMEuler", "sigma_data", 0),
      scheduler("EDMEuler", "prediction_type", "sample"),
    ]
  }

  private static var solvers: [Refusal] {
    let multistep: [(String, JSON)] = [
      ("variance_type", "learned"), ("final_sigmas_type", "other"), ("algorithm_type", "other"),
      ("solver_type", "other"), ("solver_order", 9), ("lower_order_final", 1),
      ("euler_at_final", 1), ("lambda_min_clipped", "x"), ("use_flow_sigmas", true),
    ]
    let unified: [(String, JSON)] = [
      ("predict_x0", false), ("solver_p", "x"), ("solver_order", 9), ("solver_type", "other"),
      ("final_sigmas_type", "other"), ("lower_order_final", "no"), ("disable_corrector", "none"),
    ]
    return multistep.map { scheduler("DPMSolverMultistep", $0, $1) } + [
      scheduler(
        "DPMSolverMultistep", "final_sigmas_type", "zero", ["algorithm_type": "dpmsolver"]),
      scheduler("DEISMultistep", "solver_order", 0),
      scheduler("DEISMultistep", "lower_order_final", 1),
    ] + unified.map { scheduler("UniPCMultistep", $0, $1) }
  }
}
