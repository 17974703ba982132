#!/usr/bin/env python3
"""Loads a DDPM with classes that Lethe wrote in diffusers, draws with it, and compares with Lethe's picture:

    lethe generate Models/animals --prompt zebra --seed 3 --guidance 1.5 --out runs/zebra
    python scripts/golden/classes.py Models/animals zebra runs/zebra/0_0.png
"""
import json, sys
from pathlib import Path

import torch
from diffusers import DDIMScheduler, UNet2DModel
from PIL import Image

folder, name, picture = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
classes = json.loads((folder / "classes.json").read_text())
unet = UNet2DModel.from_pretrained(folder, subfolder="unet", torch_dtype=torch.float32)
scheduler = DDIMScheduler.from_pretrained(folder, subfolder="scheduler")
scheduler.set_timesteps(25)
x = torch.randn((1, unet.config.in_channels, unet.config.sample_size, unet.config.sample_size), generator=torch.Generator().manual_seed(3))
labels = torch.tensor([len(classes), classes.index(name)])
with torch.no_grad():
    for t in scheduler.timesteps:
        e = unet(torch.cat([x, x]), t, class_labels=labels).sample
        x = scheduler.step(e[:1] + 1.5 * (e[1:] - e[:1]), t, x).prev_sample
ours = torch.tensor(list(Image.open(picture).convert("L").tobytes())).reshape(x.shape[2:])
theirs = ((x[0, 0] / 2 + 0.5).clamp(0, 1) * 255).round()
print("largest difference of a pixel, of 255:", int((ours - theirs).abs().max()))
