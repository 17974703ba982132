#!/usr/bin/env python3
"""Turns pytorch-fid's Inception weights into the safetensors file that FID and KID read.

    python scripts/convert/inception.py pt_inception-2015-12-05-6726825d.pth inception.safetensors

The first file is an asset of the release `fid_weights` of the GitHub repository mseitzer/pytorch-fid. It is a pickle;
`weights_only` keeps torch from running code in it. Needs PyPI `torch` and `safetensors`.
"""
import sys

import torch
from safetensors.torch import save_file

if len(sys.argv) != 3:
    sys.exit(__doc__)
state = torch.load(sys.argv[1], map_location="cpu", weights_only=True)
kept = {k: v.float().contiguous() for k, v in state.items() if not k.endswith("num_batches_tracked") and not k.startswith("fc.")}
if len(kept) != 94 * 5 or "Mixed_7c.branch_pool.conv.weight" not in kept:
    sys.exit(f"inception.py: {sys.argv[1]} has {len(kept)} tensors of another network; 470 of pytorch-fid's are needed")
save_file(kept, sys.argv[2], metadata={"format": "pt", "network": "pytorch-fid"})
print(f"{len(kept)} tensors in {sys.argv[2]}")
