#!/usr/bin/env python3
"""Puts a network of torchvision and the weights of LPIPS 0.1 into the safetensors file that LPIPS reads.

    python scripts/convert/lpips.py alex alexnet-owt-7be5be79.pth lpips-alex.safetensors

The networks are alex, vgg and squeeze; the second argument is torchvision's state dict of AlexNet, VGG-16 or SqueezeNet 1.1
(`torchvision.models`, weights IMAGENET1K_V1). The weights of LPIPS come out of PyPI `lpips`. Needs `torch`, `safetensors`, `lpips`.
"""
import importlib.util, sys
from pathlib import Path

import torch
from safetensors.torch import save_file

TAPS = {"alex": 11, "vgg": 29, "squeeze": 12}


def heads(net):
    folder = Path(importlib.util.find_spec("lpips").origin).parent
    return torch.load(folder / "weights" / "v0.1" / f"{net}.pth", map_location="cpu", weights_only=True)


def file(net, state):
    """The tensors by the names that Lethe reads: `features` up to the last tap, and `linK.model.1.weight`."""
    kept = {k: v.float().contiguous() for k, v in state.items()
            if k.startswith("features.") and int(k.split(".")[1]) <= TAPS[net]}
    return kept | {k: v.float().contiguous() for k, v in heads(net).items()}


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[1] not in TAPS:
        sys.exit(__doc__)
    tensors = file(sys.argv[1], torch.load(sys.argv[2], map_location="cpu", weights_only=True))
    save_file(tensors, sys.argv[3], metadata={"format": "pt", "network": sys.argv[1]})
    print(f"{len(tensors)} tensors in {sys.argv[3]}")
