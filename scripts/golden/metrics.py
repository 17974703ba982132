#!/usr/bin/env python3
"""Makes Tests/Fixtures/numbers.safetensors: optimizers after five steps, distances of feature sets,
and the closed form of UCE, computed with torch, numpy and scipy.

    python scripts/golden/metrics.py Tests/Fixtures
"""
import sys
from pathlib import Path

import numpy as np, scipy.linalg, torch
from safetensors.torch import save_file

OUT = Path(sys.argv[1] if len(sys.argv) > 1 else "Tests/Fixtures")
g = torch.Generator().manual_seed(5)
out = {}

start, gradients = torch.randn((3, 4), generator=g), torch.randn((5, 3, 4), generator=g)
out["optimizer.start"], out["optimizer.gradients"] = start, gradients
for name, make in {
    "adam": lambda p: torch.optim.Adam(p, lr=0.1, weight_decay=0.1),
    "adamw": lambda p: torch.optim.AdamW(p, lr=0.1, weight_decay=0.1),
    "sgd": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.1),
}.items():
    p = start.clone().requires_grad_()
    optimizer = make([p])
    for gradient in gradients:
        p.grad = gradient.clone()
        optimizer.step()
    out[f"optimizer.{name}"] = p.detach()

a, b = torch.randn((64, 6), generator=g), 0.3 + 1.4 * torch.randn((80, 6), generator=g)
out["features.a"], out["features.b"] = a, b
x, y = a.double().numpy(), b.double().numpy()
sx, sy = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
frechet = ((x.mean(0) - y.mean(0)) ** 2).sum() + np.trace(sx + sy - 2 * scipy.linalg.sqrtm(sx @ sy).real)
out["frechet"] = torch.tensor([frechet])


def share(points, manifold, k=3):
    d = np.linalg.norm(manifold[:, None] - manifold[None], axis=-1)
    radii = np.sort(d, axis=1)[:, k]
    return (np.linalg.norm(points[:, None] - manifold[None], axis=-1) <= radii[None]).any(1).mean()


out["precision"], out["recall"] = torch.tensor([share(x, y)]), torch.tensor([share(y, x)])

w = torch.randn((5, 7), generator=g).double()
c, v, r = (torch.randn((n, 7), generator=g).double() for n in (4, 4, 9))
left = 0.5 * w + sum(torch.outer(w @ v[i], c[i]) for i in range(4)) + 0.3 * sum(torch.outer(w @ r[j], r[j]) for j in range(9))
right = 0.5 * torch.eye(7).double() + sum(torch.outer(c[i], c[i]) for i in range(4)) + 0.3 * sum(torch.outer(r[j], r[j]) for j in range(9))
out |= {"uce.w": w, "uce.c": c, "uce.v": v, "uce.r": r, "uce.edited": left @ torch.linalg.inv(right)}

out["randn.7"] = torch.randn((2, 20), generator=torch.Generator().manual_seed(7))
out["randint.7"] = torch.randint(0, 1000, (10,), generator=torch.Generator().manual_seed(7))
save_file({k: t.contiguous() for k, t in out.items()}, OUT / "numbers.safetensors")
