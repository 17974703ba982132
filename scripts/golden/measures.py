#!/usr/bin/env python3
"""Makes Tests/Fixtures/measures.safetensors and statistics.npz: features, distances and scores of the reference packages, on
weights that both sides draw from seeds.

    pip install torch torchvision pytorch-fid clean-fid lpips torchmetrics scipy safetensors
    python scripts/golden/measures.py Tests/Fixtures

Seeded weights: the names of a state dict in plain order are numbered k = 0, 1, ...; tensor k is made of randn with seed k.
The picture is floor(127.5 + 100 sin(x / (11 + 2c)) + 27 cos(y / (7 + c))), row y, column x, channel c.
"""
import sys
from pathlib import Path

import numpy as np, scipy.linalg, torch
from safetensors.torch import save_file

OUT = Path(sys.argv[1] if len(sys.argv) > 1 else "Tests/Fixtures")
out = {}


def smooth(h, w):
    y, x, c = np.mgrid[0:h, 0:w, 0:3]
    return np.floor(127.5 + 100 * np.sin(x / (11 + 2 * c)) + 27 * np.cos(y / (7 + c))).astype(np.uint8)


def seeded(state, make):
    names = sorted(n for n in state if not n.endswith("num_batches_tracked"))
    return {n: make(n, torch.randn(state[n].shape, generator=torch.Generator().manual_seed(k))) for k, n in enumerate(names)}


def randn(name, w):
    """Weights of a network with batch normalization."""
    if name.endswith("running_mean"):
        return 0.1 * w
    if name.endswith("running_var"):
        return 1 + 0.5 * w ** 2
    if w.dim() > 1:
        return w * (2 / w[0].numel()) ** 0.5
    return 1 + 0.1 * w if name.endswith("weight") else 0.1 * w


def plain(name, w):
    """Weights of a network without."""
    return w * (2 / w[0].numel()) ** 0.5 if w.dim() > 1 else 0.1 * w


picture = torch.from_numpy(smooth(64, 64)).permute(2, 0, 1)[None]
assert picture.sum().item() == 1_810_005

# Inception's features, in pytorch-fid and in clean-fid's resizing.
import pytorch_fid.inception as module

# The constructor would bring the trained weights; the structure alone is needed.
module.load_state_dict_from_url = lambda *a, **k: {}
load = torch.nn.Module.load_state_dict
torch.nn.Module.load_state_dict = lambda self, state, *a, **k: load(self, state, *a, **k) if state else None
whole, network = module.InceptionV3([0, 1, 2, 3]).eval(), module.fid_inception_v3().eval()
torch.nn.Module.load_state_dict = load
state = network.state_dict()
weights = seeded(state, randn)
network.load_state_dict(weights, strict=False)
# The blocks of the wrapper hold the same layers under other names.
places = {"blocks.0.0": "Conv2d_1a_3x3", "blocks.0.1": "Conv2d_2a_3x3", "blocks.0.2": "Conv2d_2b_3x3",
          "blocks.1.0": "Conv2d_3b_1x1", "blocks.1.1": "Conv2d_4a_3x3"}
places |= {f"blocks.2.{i}": f"Mixed_{n}" for i, n in enumerate("5b 5c 5d 6a 6b 6c 6d 6e".split())}
places |= {f"blocks.3.{i}": f"Mixed_{n}" for i, n in enumerate("7a 7b 7c".split())}
inner = {}
for name in whole.state_dict():
    key = next(p for p in sorted(places, key=len, reverse=True) if name.startswith(p + "."))
    full = places[key] + name[len(key):]
    if full in weights:
        inner[name] = weights[full]
whole.load_state_dict(inner, strict=False)
with torch.no_grad():
    blocks = whole(picture / 255)
    out["inception.means"] = torch.tensor([b.double().mean() for b in blocks])
    out["inception.pytorch-fid"] = blocks[3].flatten()
    from cleanfid.resize import make_resizer

    resize = make_resizer("PIL", False, "bicubic", (299, 299))
    x = torch.from_numpy(resize(smooth(64, 64)).transpose(2, 0, 1))[None].float()
    out["input.clean-fid"] = ((x - 128) / 128)[0, :, ::50, ::50].contiguous()
    whole.resize_input, whole.normalize_input = False, False
    out["inception.clean-fid"] = whole((x - 128) / 128)[3].flatten()

# LPIPS of the picture and its mirror image.
import lpips, torchvision

x = picture.float() / 127.5 - 1
for net in ("alex", "vgg", "squeeze"):
    metric = lpips.LPIPS(net=net, pnet_rand=True, verbose=False, version="0.1").eval()
    backbone = {"alex": torchvision.models.alexnet, "vgg": torchvision.models.vgg16, "squeeze": torchvision.models.squeezenet1_1}[net](weights=None)
    drawn = seeded({k: v for k, v in backbone.state_dict().items() if k.startswith("features.")}, plain)
    own = metric.net.state_dict()
    # lpips cuts `features` into slices and keeps the numbers.
    metric.net.load_state_dict({k: drawn["features." + k.split(".", 1)[1]] for k in own})
    heads = [getattr(metric, f"lin{k}") for k in range(metric.L)]
    for k, head in enumerate(heads):
        g = torch.Generator().manual_seed(1000 + k)
        head.model[1].weight.data = torch.randn(head.model[1].weight.shape, generator=g).abs()
    with torch.no_grad():
        value, taps = metric(x, x.flip(3), retPerLayer=True)
    out[f"lpips.{net}"] = torch.stack([t.flatten()[0] for t in taps] + [value.flatten()[0]])

# Feature sets by formula, their distances.
def rows(n, d, s):
    i, j = np.mgrid[0:n, 0:d].astype(float)
    return np.sin(1.3 * i + 0.7 * j ** 2 + s) + 0.1 * j * np.cos(0.5 * i * (j + 1) + s)


def frechet(x, y):
    a, b = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
    return ((x.mean(0) - y.mean(0)) ** 2).sum() + np.trace(a + b - 2 * scipy.linalg.sqrtm(a @ b).real)


for n, m, d in ((10, 12, 3), (200, 150, 5), (6, 7, 16)):
    out[f"frechet.{n}.{m}.{d}"] = torch.tensor([frechet(rows(n, d, 0), rows(m, d, 0.4) + 0.2)], dtype=torch.float64)
a, b = rows(10, 3, 0), rows(12, 3, 0.4) + 0.2
from torchmetrics.image.kid import poly_mmd

out["kid"] = torch.tensor([poly_mmd(torch.tensor(a), torch.tensor(b[:10])).item()], dtype=torch.float64)

np.savez_compressed(OUT / "statistics.npz", mu=a.mean(0), sigma=np.cov(a, rowvar=False), single=a.mean(0).astype("f4"))
out["statistics.mu"], out["statistics.sigma"] = torch.tensor(a.mean(0)), torch.tensor(np.cov(a, rowvar=False))
save_file({k: v.contiguous() for k, v in out.items()}, OUT / "measures.safetensors")
for k, v in out.items():
    print(k, [round(float(t), 6) for t in v.flatten()[:6]])
