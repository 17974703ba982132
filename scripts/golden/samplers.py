#!/usr/bin/env python3
"""Writes Tests/Fixtures/samplers.json: results of diffusers' schedulers over random legal combinations of their options.

    python scripts/golden/samplers.py Tests/Fixtures/samplers.json [COUNT] [TREES] [SEED]
    LETHE_SAMPLERS=FILE make test FILTER=SamplerParity          # cases of another seed or number, in another file

A linear function stands for the network, .5 x + .1 cos(t / 100), so that a case costs no model. x begins as
sin(1 ... 16) times the scheduler's first level; fresh noise is drawn from one generator of seed 0. TREES is a folder of
models in the diffusers layout, whose scheduler configurations are taken too, at 1, 2, 3, 20 and 50 steps.
"""
import inspect, json, random, sys
from pathlib import Path

import diffusers, torch
from diffusers import (DDIMScheduler, DDPMScheduler, DEISMultistepScheduler, DPMSolverMultistepScheduler, EDMDPMSolverMultistepScheduler,
                       EDMEulerScheduler, EulerAncestralDiscreteScheduler, EulerDiscreteScheduler, HeunDiscreteScheduler, LCMScheduler,
                       LMSDiscreteScheduler, PNDMScheduler, TCDScheduler, UniPCMultistepScheduler)

SD = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "num_train_timesteps": 1000}
SIGMAS = [{}, {}, {"use_karras_sigmas": True}, {"use_exponential_sigmas": True}, {"use_beta_sigmas": True}]
COMMON = {"prediction_type": ["epsilon", "epsilon", "v_prediction", "sample"], "steps_offset": [0, 1],
          "timestep_spacing": ["leading", "trailing", "linspace"]}
THRESHOLD = {"thresholding": [False, False, True], "sample_max_value": [1.0, 1.5], "dynamic_thresholding_ratio": [0.995, 0.9]}
ZERO = {"rescale_betas_zero_snr": [False, False, True]}
CLIP = {"clip_sample": [False, True], "clip_sample_range": [1.0, 2.0]}
OPTIONS = {
    DDIMScheduler: {**COMMON, **THRESHOLD, **ZERO, **CLIP, "set_alpha_to_one": [False, True]},
    DDPMScheduler: {**COMMON, **THRESHOLD, **ZERO, **CLIP, "variance_type": ["fixed_small", "fixed_small_log", "fixed_large"]},
    PNDMScheduler: {**COMMON, "skip_prk_steps": [True, True, False], "set_alpha_to_one": [False, True]},
    LMSDiscreteScheduler: {**COMMON, "sigmas": SIGMAS},
    EulerDiscreteScheduler: {**COMMON, **ZERO, "sigmas": SIGMAS, "final_sigmas_type": ["zero", "sigma_min"], "sigma_min": [None, 0.1],
                             "sigma_max": [None, 10.0]},
    EulerAncestralDiscreteScheduler: {**COMMON, **ZERO},
    HeunDiscreteScheduler: {**COMMON, "sigmas": SIGMAS, "clip_sample": [False, True]},
    DPMSolverMultistepScheduler: {**COMMON, **THRESHOLD, **ZERO, "sigmas": SIGMAS + [{"use_lu_lambdas": True}], "solver_order": [1, 2, 2, 3],
                                  "algorithm_type": ["dpmsolver++", "dpmsolver++", "sde-dpmsolver++", "dpmsolver"],
                                  "solver_type": ["midpoint", "heun"], "lower_order_final": [True, False], "euler_at_final": [False, True],
                                  "final_sigmas_type": ["zero", "sigma_min"], "lambda_min_clipped": [-float("inf"), -5.1]},
    UniPCMultistepScheduler: {**COMMON, **THRESHOLD, **ZERO, "sigmas": SIGMAS, "solver_order": [1, 2, 3], "solver_type": ["bh2", "bh1"],
                              "lower_order_final": [True, False], "final_sigmas_type": ["zero", "sigma_min"], "sigma_min": [None, 0.1],
                              "sigma_max": [None, 10.0], "disable_corrector": [[], [0, 1]]},
    DEISMultistepScheduler: {**COMMON, **THRESHOLD, "sigmas": SIGMAS, "solver_order": [1, 2, 3], "lower_order_final": [True, False]},
    LCMScheduler: {"prediction_type": COMMON["prediction_type"], **THRESHOLD, **ZERO, **CLIP, "original_inference_steps": [50, 40],
                   "timestep_scaling": [10.0, 1.0]},
    TCDScheduler: {"prediction_type": COMMON["prediction_type"], **THRESHOLD, **ZERO, **CLIP, "set_alpha_to_one": [False, True]},
    EDMEulerScheduler: {"prediction_type": ["epsilon", "v_prediction"], "sigma_schedule": ["karras", "exponential"],
                        "sigma_max": [80.0, 14.6], "final_sigmas_type": ["zero", "sigma_min"], "sigma_data": [0.5, 1.0]},
    EDMDPMSolverMultistepScheduler: {"prediction_type": ["epsilon", "v_prediction"], "sigma_schedule": ["karras", "exponential"],
                                     "algorithm_type": ["dpmsolver++", "sde-dpmsolver++"], "solver_type": ["midpoint", "heun"],
                                     "solver_order": [1, 2, 3], "euler_at_final": [False, True], "sigma_max": [80.0, 14.6], **THRESHOLD},
}
BETAS = [SD, SD, SD, {**SD, "beta_schedule": "linear", "beta_start": 0.0001, "beta_end": 0.02}, {**SD, "beta_schedule": "squaredcos_cap_v2"}]


def refused(cls, config):
    """Whether Lethe refuses the options by name: those whose result diffusers owes to a clip of infinities, or has no end for."""
    noisy = config.get("rescale_betas_zero_snr") and config.get("prediction_type", "epsilon") == "epsilon"
    if noisy and cls in (DDIMScheduler, DDPMScheduler, LCMScheduler, TCDScheduler):
        return True
    if cls is UniPCMultistepScheduler and config.get("final_sigmas_type", "zero") == "zero":
        return config.get("solver_type") == "bh1" or not config.get("lower_order_final", True)
    return config.get("algorithm_type") == "sde-dpmsolver++" and config.get("solver_order") == 3


def run(cls, config, steps, eta=None, start=1.0, dtype=torch.float32):
    """x after all steps, or None where diffusers fails or gives no finite numbers."""
    try:
        scheduler = cls.from_config(config)
        scheduler.set_timesteps(steps)
        x = torch.sin(torch.arange(1, 17, dtype=torch.float32)).reshape(1, 4, 2, 2).to(dtype) * scheduler.init_noise_sigma * start
        if dtype == torch.float64:
            scheduler.sigmas = scheduler.sigmas.double()
        g = torch.Generator().manual_seed(0)
        kwargs = {k: v for k, v in (("generator", g), ("eta", eta)) if k in inspect.signature(scheduler.step).parameters and v is not None}
        for t in scheduler.timesteps:
            scaled = scheduler.scale_model_input(x, t)
            x = scheduler.step(0.5 * scaled + 0.1 * torch.cos(t / 100), t, x, **kwargs).prev_sample
    except (ValueError, IndexError, AssertionError, NotImplementedError, UnboundLocalError, RuntimeError):
        return None
    return x.flatten().tolist() if torch.isfinite(x).all() and x.abs().max() < 1e4 else None


def main():
    out, count = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 20
    rng, cases = random.Random(int(sys.argv[4]) if len(sys.argv) > 4 else 1), []

    def add(cls, config, steps, eta=None):
        x = None if refused(cls, config) else run(cls, config, steps, eta)
        if x is not None:
            # Where the rounding of the start alone moves the result, there is nothing to compare.
            moved = run(cls, config, steps, eta, start=1 + 2e-7)
            size = max(1, max(map(abs, x)))
            if moved is None or max(abs(a - b) for a, b in zip(x, moved)) > 3e-5 * size:
                x = None
            # Nor where diffusers is that far from itself: in float32 the integrals of DEIS lose their digits between levels that
            # lie close together.
            elif cls is DEISMultistepScheduler:
                exact = run(cls, config, steps, eta, dtype=torch.float64)
                if exact is None or max(abs(a - b) for a, b in zip(x, exact)) > 2e-4 * size:
                    x = None
        if x is not None:
            cases.append({"config": {"_class_name": cls.__name__, **config}, "steps": steps, "eta": eta, "x": [float(f"{v:.7g}") for v in x[:4]]})
        return x is not None

    for cls, options in OPTIONS.items():
        add(cls, {} if "EDM" in cls.__name__ else SD, 5, 0.0 if cls is TCDScheduler else None)
        left, tries = count, 0
        while left and tries < 20 * count:
            tries += 1
            config = {} if "EDM" in cls.__name__ else dict(rng.choice(BETAS))
            for key, values in options.items():
                value = rng.choice(values)
                config.update(value if key == "sigmas" else {key: value})
            # Pipelines give eta 0 where none is asked for; the class itself has another default.
            eta = rng.choice([0.0, 0.3, 1.0]) if cls in (DDIMScheduler, TCDScheduler) else None
            left -= add(cls, config, rng.choice([1, 2, 3, 4, 5, 16, 20, 50]), eta)
    # The cosine schedule ends with less signal than any other; one class cuts Karras's and Lu's timesteps of it where the others
    # round them, so that the last digit of a level decides.
    for cls in (EulerDiscreteScheduler, EulerAncestralDiscreteScheduler, DPMSolverMultistepScheduler, UniPCMultistepScheduler,
                DEISMultistepScheduler, LMSDiscreteScheduler, HeunDiscreteScheduler):
        for sigmas in [{}] + [{"use_karras_sigmas": True}] * ("use_karras_sigmas" in inspect.signature(cls).parameters):
            for steps in (5, 50):
                add(cls, {**SD, "beta_schedule": "squaredcos_cap_v2", "prediction_type": "v_prediction", "timestep_spacing": "trailing", **sigmas},
                    steps)
    for steps in (2, 3, 5, 50):
        for order in (1, 2):
            add(DPMSolverMultistepScheduler, {**SD, "beta_schedule": "squaredcos_cap_v2", "prediction_type": "v_prediction", "solver_order": order,
                                              "use_lu_lambdas": True}, steps)
    if len(sys.argv) > 3 and sys.argv[3]:
        known = {cls.__name__: cls for cls in OPTIONS}
        seen = set()
        for file in sorted(Path(sys.argv[3]).rglob("scheduler_config.json")):
            try:
                config = json.loads(file.read_text())
            except ValueError:
                continue
            cls = known.get(config.pop("_class_name", None))
            config.pop("_diffusers_version", None)
            key = (cls, json.dumps(config, sort_keys=True))
            if cls and key not in seen:
                seen.add(key)
                for steps in (1, 2, 3, 20, 50):
                    add(cls, config, steps)
    out.write_text(json.dumps({"diffusers": diffusers.__version__, "cases": cases}, separators=(",", ":")).replace('},{"config"', '},\n{"config"'))
    print(len(cases), "cases,", out.stat().st_size, "bytes")


main()
