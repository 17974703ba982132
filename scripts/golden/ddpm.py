#!/usr/bin/env python3
"""Makes Tests/Fixtures/tiny-ddpm (with classes) and tiny-ddpm-flat (without, laid out as google/ddpm-cifar10-32
was first published: no component folders, old attention names) and what diffusers computes with them.
Run with diffusers 0.42.1:

    python scripts/golden/ddpm.py Tests/Fixtures
"""
import json, sys
from pathlib import Path

import torch
from diffusers import DDIMPipeline, DDIMScheduler, DDPMPipeline, DDPMScheduler, UNet2DModel
from safetensors.torch import load_file, save_file

OUT = Path(sys.argv[1] if len(sys.argv) > 1 else "Tests/Fixtures")
sys.path.insert(0, str(Path(__file__).parent))
from diffusion import spread  # noqa: E402

torch.set_num_threads(1)
CLASSES = ["bear", "bird", "cat"]


def network(classes):
    """With classes: one channel, several heads. Without: the published network's options."""
    if classes:
        return UNet2DModel(sample_size=8, in_channels=1, out_channels=1, block_out_channels=(8, 16), layers_per_block=1, norm_num_groups=4,
                           down_block_types=("DownBlock2D", "AttnDownBlock2D"), up_block_types=("AttnUpBlock2D", "UpBlock2D"),
                           attention_head_dim=8, num_class_embeds=len(CLASSES) + 1)
    return UNet2DModel(sample_size=8, in_channels=3, out_channels=3, block_out_channels=(8, 16), layers_per_block=2, norm_num_groups=4, norm_eps=1e-6,
                       down_block_types=("AttnDownBlock2D", "DownBlock2D"), up_block_types=("UpBlock2D", "AttnUpBlock2D"), attention_head_dim=None,
                       downsample_padding=0, flip_sin_to_cos=False, freq_shift=1)


@torch.no_grad()
def main():
    for name, classes, seed in (("tiny-ddpm", True, 3), ("tiny-ddpm-flat", False, 4)):
        unet = spread(network(classes), seed).eval()
        scheduler = DDPMScheduler(beta_schedule="linear", variance_type="fixed_large", clip_sample=True)
        folder, g, out = OUT / name, torch.Generator().manual_seed(7), {}
        DDPMPipeline(unet, scheduler).save_pretrained(folder)
        channels = unet.config.in_channels
        out["x"] = x = torch.randn((3, channels, 8, 8), generator=g)
        out["t"] = t = torch.tensor([981.0, 417.0, 3.0])
        labels = torch.tensor([2, 0, 3]) if classes else None
        out["output"] = unet(x, t, class_labels=labels).sample
        if classes:
            (folder / "classes.json").write_text(json.dumps(CLASSES))
            out["output_odd"] = unet(x[:, :, :, :6], t, class_labels=labels).sample
            # Guidance over classes: eps(empty) + s (eps(c) - eps(empty)), DDIM with eta.
            ddim, s = DDIMScheduler.from_config(scheduler.config), 3.0
            for eta in (0.0, 0.7):
                ddim.set_timesteps(10)
                noise = torch.Generator().manual_seed(5)
                z = torch.randn((1, channels, 8, 8), generator=noise)
                for step in ddim.timesteps:
                    both = unet(torch.cat([z, z]), step, class_labels=torch.tensor([len(CLASSES), 1])).sample
                    z = ddim.step(both[:1] + s * (both[1:] - both[:1]), step, z, eta=eta, generator=noise).prev_sample
                out[f"ddim.{eta}"] = z
        else:
            def images(pipe, **options):
                pipe.set_progress_bar_config(disable=True)
                return torch.from_numpy((pipe(generator=torch.Generator().manual_seed(5), output_type="np", **options).images * 255).round().astype("uint8"))
            out["image.ddpm"] = images(DDPMPipeline(unet, scheduler), num_inference_steps=1000)
            out["image.ddim"] = images(DDIMPipeline(unet, DDIMScheduler.from_config(scheduler.config)), num_inference_steps=10, eta=1.0)
            for file in ("unet/config.json", "unet/diffusion_pytorch_model.safetensors", "scheduler/scheduler_config.json"):
                (folder / file).rename(folder / Path(file).name)
            for empty in ("unet", "scheduler"):
                (folder / empty).rmdir()
            new = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}
            def old(key):
                for a, b in new.items():
                    key = key.replace(a, b)
                return key
            weights = folder / "diffusion_pytorch_model.safetensors"
            save_file({old(k): v for k, v in load_file(weights).items()}, weights, metadata={"format": "pt"})
        save_file({k: v.contiguous() for k, v in out.items()}, folder / "golden.safetensors")


main()
