#!/usr/bin/env python3
"""Makes Tests/Fixtures/tiny-clip: a random CLIPModel in transformers' layout and what transformers computes with it.
Run with transformers 5 and torchvision, whose resize it takes:

    python scripts/golden/clip.py Tests/Fixtures
"""
import json, sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel

sys.argv = [sys.argv[0], sys.argv[1] if len(sys.argv) > 1 else "Tests/Fixtures"]
from diffusion import OUT, spread, tokenizer

TEXTS = ["a noto emoji of a fox", "an umbrella, symbola style", "fox", "", "fox " * 90]


def picture(h, w):
    """A formula's picture [H, W, 3] of 8 bits."""
    y, x, c = torch.meshgrid(torch.arange(h), torch.arange(w), torch.arange(3), indexing="ij")
    return ((x * (3 + 2 * c) + y * (5 - c) + (x * y // 7) * (c + 1)) % 256).to(torch.uint8)


@torch.no_grad()
def main():
    folder = OUT / "tiny-clip"
    words, size = tokenizer(folder)
    config = CLIPConfig(
        text_config=dict(vocab_size=size, hidden_size=16, intermediate_size=32, num_attention_heads=2, num_hidden_layers=2,
                         max_position_embeddings=77, bos_token_id=size - 2, eos_token_id=size - 1, pad_token_id=size - 1),
        vision_config=dict(hidden_size=24, intermediate_size=48, num_attention_heads=3, num_hidden_layers=2, image_size=32,
                           patch_size=8), projection_dim=12)
    model = CLIPModel(config).eval()
    for seed, part in enumerate((model.text_model, model.vision_model, model.text_projection, model.visual_projection)):
        spread(part, 5 + seed)
    model.logit_scale.fill_(2.5)
    processor = CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    import copy
    copy.deepcopy(model).half().save_pretrained(folder)
    processor.save_pretrained(folder)
    tokenizer(folder)
    ids = words(TEXTS, padding="max_length", max_length=77, truncation=True, return_tensors="pt").input_ids
    out = {"ids": ids}
    pixels = []
    # A picture that is made smaller, two that lose their ends, one that stands on black.
    for i, (h, w) in enumerate(((64, 64), (40, 75), (61, 33), (20, 20))):
        image = picture(h, w).permute(2, 0, 1)
        pixels.append(processor(image, return_tensors="pt").pixel_values)
    narrow = CLIPImageProcessor(do_resize=False, crop_size={"height": 32, "width": 32})
    out["padded"] = narrow(picture(21, 40).permute(2, 0, 1), return_tensors="pt").pixel_values
    out["pixels"] = torch.cat(pixels)
    result = model(input_ids=ids, pixel_values=out["pixels"])
    out["images"], out["texts"], out["logits"] = result.image_embeds, result.text_embeds, result.logits_per_image
    save_file({k: v.contiguous() for k, v in out.items()}, folder / "golden.safetensors")


if __name__ == "__main__":
    main()
