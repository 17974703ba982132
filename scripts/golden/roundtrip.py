#!/usr/bin/env python3
"""A folder written by Lethe, loaded by diffusers: the same picture?

    .build/release/lethe apply MODEL --with RUN --out COPY
    .build/release/lethe generate COPY --prompt P --seed 1 --guidance 7.5 --threads 1 --out PICTURES
    python scripts/golden/roundtrip.py COPY PICTURES/0_0.png P

A fourth argument is a LoRA file (`lethe apply --lora`) to load on the folder, with peft installed.
"""
import sys

import numpy, torch
from diffusers import StableDiffusionPipeline
from PIL import Image

torch.set_num_threads(1)
pipe = StableDiffusionPipeline.from_pretrained(sys.argv[1], torch_dtype=torch.float32, safety_checker=None)
pipe.set_progress_bar_config(disable=True)
if len(sys.argv) > 4:
    pipe.load_lora_weights(sys.argv[4])
theirs = pipe(sys.argv[3], num_inference_steps=25, guidance_scale=7.5, generator=torch.Generator().manual_seed(1)).images[0]
ours = Image.open(sys.argv[2]).convert("RGB")
difference = numpy.abs(numpy.asarray(theirs, dtype=int) - numpy.asarray(ours, dtype=int)).max()
print("largest difference in a channel:", difference)
sys.exit(int(difference > 1))
