#!/usr/bin/env python3
"""Makes Tests/Fixtures/tiny-{vit,resnet,convnext}: random image classifiers in transformers' layout and their logits.
Run with transformers 5 and torchvision:

    python scripts/golden/classifiers.py Tests/Fixtures
"""
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import (ConvNextConfig, ConvNextForImageClassification, ConvNextImageProcessor, ResNetConfig,
                          ResNetForImageClassification, ViTConfig, ViTForImageClassification, ViTImageProcessor)

OUT = Path(sys.argv[1] if len(sys.argv) > 1 else "Tests/Fixtures")
LABELS = ["tench, Tinca tinca", "church, church building", "vincent-van-gogh", "Bricks", "tabby, tabby cat", "tiger cat",
          "fox squirrel", "Warm_Love", "red fox, Vulpes vulpes", "fox, kit fox", "cat"]


def picture(h, w):
    """The formula's picture of clip.py [3, H, W]."""
    y, x, c = torch.meshgrid(torch.arange(h), torch.arange(w), torch.arange(3), indexing="ij")
    return ((x * (3 + 2 * c) + y * (5 - c) + (x * y // 7) * (c + 1)) % 256).to(torch.uint8).permute(2, 0, 1)


def spread(module, seed):
    g = torch.Generator().manual_seed(seed)
    for name, p in sorted(module.state_dict().items()):
        if not p.dtype.is_floating_point:
            continue
        noise = torch.randn(p.shape, generator=g)
        if name.endswith("running_var"):
            p.copy_(1 + 0.5 * noise ** 2)
        elif p.ndim < 2 or "position" in name or "cls_token" in name:
            p.copy_((1 if ("norm" in name and name.endswith("weight")) or "scale" in name else 0) + 0.1 * noise)
        else:
            p.copy_(noise / p[0].numel() ** 0.5)
        p.copy_(p.half().float())
    return module.eval()


@torch.no_grad()
def main():
    labels = dict(id2label=dict(enumerate(LABELS)), label2id={name: i for i, name in enumerate(LABELS)})
    made = {
        "vit": (ViTForImageClassification(ViTConfig(
            hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32, image_size=32, patch_size=8, **labels)),
            ViTImageProcessor(size={"height": 32, "width": 32})),
        "resnet": (ResNetForImageClassification(ResNetConfig(
            embedding_size=8, hidden_sizes=[16, 32], depths=[1, 2], layer_type="bottleneck", **labels)),
            ConvNextImageProcessor(size={"shortest_edge": 32}, image_mean=[0.485, 0.456, 0.406], image_std=[0.229, 0.224, 0.225])),
        "convnext": (ConvNextForImageClassification(ConvNextConfig(
            hidden_sizes=[8, 16], depths=[1, 2], num_stages=2, **labels)), ConvNextImageProcessor(size={"shortest_edge": 32})),
    }
    for seed, (name, (model, processor)) in enumerate(made.items()):
        spread(model, 20 + seed)
        folder = OUT / f"tiny-{name}"
        model.save_pretrained(folder)
        processor.save_pretrained(folder)
        pixels = torch.cat([processor(picture(h, w), return_tensors="pt").pixel_values for h, w in ((64, 64), (40, 75))])
        save_file({"pixels": pixels.contiguous(), "logits": model(pixels).logits.contiguous()}, folder / "golden.safetensors")
        print(name, sum(p.numel() for p in model.parameters()))


if __name__ == "__main__":
    main()
