"""Models of small widths and random weights, CLIP's vocabulary, and the pictures that diffusers draws with them."""
import ast
import json
from pathlib import Path

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


def vocabulary(folder):
    """CLIP's vocabulary, as Lethe has it built in: bytes, bytes that end a word, merged pairs, start and end."""
    source = Path(__file__).parents[2] / "Sources/CVocabulary/merges.c"
    # C spells a question mark with a backslash, lest two of them begin another character.
    lines = [line.rstrip(";").replace("\\?", "?") for line in source.read_text().splitlines() if line.startswith('"')]
    merges = "".join(map(ast.literal_eval, lines))
    pairs = merges.splitlines()
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    letters = [chr(byte) for byte in printable] + [chr(256 + i) for i in range(len(others))]
    words = letters + [letter + "</w>" for letter in letters] + [pair.replace(" ", "") for pair in pairs]
    words += ["<|startoftext|>", "<|endoftext|>"]
    (folder / "vocab.json").write_text(json.dumps({word: i for i, word in enumerate(words)}, ensure_ascii=False))
    (folder / "merges.txt").write_text("#version: 0.2\n" + merges)
