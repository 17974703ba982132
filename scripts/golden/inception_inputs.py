#!/usr/bin/env python3
"""Makes Tests/Fixtures/inception-inputs.safetensors: the input that two programs give to Inception, of pictures that are smaller and larger
than its input, wide and high.

    pip install torch torchmetrics torch-fidelity pillow safetensors
    python scripts/golden/inception_inputs.py Tests/Fixtures

torchmetrics   the forward pass of its NoTrainInceptionV3, up to the first convolution
t2i-benchmark  its package asks for other libraries, so its steps are followed here with PIL: the middle square, PIL's bicubic on
               8-bit numbers to 299 x 299, divided by 255, then 2 x - 1

The pictures are those of measures.py. Every 50th row and column is kept.
"""
import sys
from pathlib import Path

import numpy as np, torch
from PIL import Image
from safetensors.torch import save_file
from torchmetrics.image.fid import NoTrainInceptionV3

OUT = Path(sys.argv[1] if len(sys.argv) > 1 else "Tests/Fixtures")


def smooth(h, w):
    y, x, c = np.mgrid[0:h, 0:w, 0:3]
    return np.floor(127.5 + 100 * np.sin(x / (11 + 2 * c)) + 27 * np.cos(y / (7 + c))).astype(np.uint8)


class Reached(Exception):
    pass


class First(torch.nn.Module):
    def forward(self, x):
        raise Reached(x)


# The constructor would bring the trained weights. The steps before the network need none.
network = NoTrainInceptionV3.__new__(NoTrainInceptionV3)
torch.nn.Module.__init__(network)
network.features_list, network.use_antialias, network.Conv2d_1a_3x3 = ["2048"], True, First()


def torchmetrics(picture):
    try:
        network._torch_fidelity_forward(torch.from_numpy(picture).permute(2, 0, 1)[None])
    except Reached as reached:
        return reached.args[0][0]


def t2i_benchmark(picture):
    h, w = picture.shape[:2]
    side = min(h, w)
    top, left = (h - side) // 2, (w - side) // 2
    square = Image.fromarray(picture[top : top + side, left : left + side])
    small = np.asarray(square.resize((299, 299), Image.BICUBIC))
    return 2 * (torch.from_numpy(small.copy()).permute(2, 0, 1).float() / 255) - 1


out = {}
for h, w in ((64, 64), (512, 512), (384, 513), (401, 320)):
    for name, steps in (("torchmetrics", torchmetrics), ("t2i-benchmark", t2i_benchmark)):
        out[f"{name}.{h}.{w}"] = steps(smooth(h, w))[:, ::50, ::50].contiguous()
save_file(out, OUT / "inception-inputs.safetensors")
for k, v in out.items():
    print(k, [round(float(t), 6) for t in v.flatten()[:6]])
