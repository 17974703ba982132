"""Models of small widths and random weights, and the pictures that diffusers draws with them."""
import json

import torch


def spread(module, seed):
    """Random weights of a size that makes every layer matter."""
    g = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, p in module.named_parameters():
            noise = torch.randn(p.shape, generator=g)
            if p.ndim == 1:
                p.copy_((1 if "norm" in name and name.endswith("weight") else 0) + 0.05 * noise)
            else:
                p.copy_(noise / p[0].numel() ** 0.5)
    return module.eval()


def save(module, config, folder, name="config.json"):
    """Weights as diffusers writes them, and the configuration as it was given."""
    module.save_pretrained(folder)
    (folder / name).write_text(json.dumps(config, indent=2))


def picture(pipe, prompt, seed, steps, guidance, size):
    """The picture of a text-to-image pipeline by its own scheduler, as whole numbers [H, W, 3]."""
    pipe.set_progress_bar_config(disable=True)
    g = torch.Generator().manual_seed(seed)
    pictures = pipe(prompt, generator=g, num_inference_steps=steps, guidance_scale=guidance, height=size, width=size, output_type="np").images
    return (pictures[0] * 255).round().astype(int)
