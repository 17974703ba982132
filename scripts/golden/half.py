#!/usr/bin/env python3
"""Makes half.safetensors of the fixtures tiny-sd1, tiny-sd2 and tiny-sdxl: diffusers' U-Net and VAE and transformers' text encoders in
bfloat16 and float16, on inputs of golden.safetensors, and on random pictures where it has none. Run after diffusion.py, with diffusers 0.42.1 and transformers 5:

    python scripts/golden/half.py Tests/Fixtures
"""
import sys
from pathlib import Path

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from safetensors.torch import load_file, save_file
from transformers import CLIPTextModel, CLIPTextModelWithProjection

OUT = Path(sys.argv[1] if len(sys.argv) > 1 else "Tests/Fixtures")
torch.set_num_threads(1)

for kind in ("tiny-sd1", "tiny-sd2", "tiny-sdxl"):
    folder, found = OUT / kind, {}
    inputs = load_file(folder / "golden.safetensors")
    x, t, hidden = inputs["x"], inputs["t"], inputs["hidden"]
    if (image := inputs.get("image")) is None:
        found["image"] = image = torch.rand((2, 3, 16, 16), generator=torch.Generator().manual_seed(5)) * 2 - 1
    for name, dtype in (("bfloat16", torch.bfloat16), ("float16", torch.float16)):
        with torch.no_grad():
            unet = UNet2DConditionModel.from_pretrained(folder, subfolder="unet", torch_dtype=dtype)
            extra = {}
            if "pooled" in inputs:
                size = float(x.shape[-1] * 2 ** (len(AutoencoderKL.load_config(folder, subfolder="vae")["block_out_channels"]) - 1))
                ids = torch.tensor([[size, size, 0, 0, size, size]] * x.shape[0])
                extra = {"added_cond_kwargs": {"text_embeds": inputs["pooled"].to(dtype), "time_ids": ids.to(dtype)}}
            found[f"unet.{name}"] = unet(x.to(dtype), t, hidden.to(dtype), **extra).sample.float().contiguous()
            vae = AutoencoderKL.from_pretrained(folder, subfolder="vae", torch_dtype=dtype)
            found[f"mean.{name}"] = vae.encode(image.to(dtype)).latent_dist.mean.float().contiguous()
            found[f"decoded.{name}"] = vae.decode(x.to(dtype)).sample.float().contiguous()
            # SDXL takes the state before the last layer of both encoders, and the second one's projection.
            text = CLIPTextModel.from_pretrained(folder, subfolder="text_encoder", torch_dtype=dtype)
            if kind == "tiny-sdxl":
                first, second = inputs["ids"].unbind(0)
                two = CLIPTextModelWithProjection.from_pretrained(folder, subfolder="text_encoder_2", torch_dtype=dtype)
                one, two = text(first, output_hidden_states=True), two(second, output_hidden_states=True)
                hidden_of_ids = torch.cat([one.hidden_states[-2], two.hidden_states[-2]], -1)
                found[f"pooled.{name}"] = two.text_embeds.float().contiguous()
            else:
                hidden_of_ids = text(inputs["ids"])[0]
            found[f"hidden.{name}"] = hidden_of_ids.float().contiguous()
    save_file(found, folder / "half.safetensors")
