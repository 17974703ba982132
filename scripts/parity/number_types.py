#!/usr/bin/env python3
"""Pictures of one model in three types of numbers, by Lethe and by diffusers, side by side.

    python scripts/parity/number_types.py LETHE MODEL PICTURE.png [prompt]

Both draw one picture with seed 0, DDIM, 20 steps, guidance 7.5 and on the CPU. PICTURE.png has a line for float32, bfloat16 and float16:
Lethe's picture, diffusers', their difference times 16, and the difference of Lethe's picture from its float32 one times 16. The largest
and mean differences are printed in levels of 255. The exit code is 1 where the two programs differ by more than ALLOWED.
Needs diffusers, transformers and pillow.
"""
import subprocess, sys, tempfile
from pathlib import Path

import numpy
from PIL import Image

REFERENCE = Path(__file__).resolve().parents[1] / "bench/reference.py"
ALLOWED = {"float32": 1, "bfloat16": 40, "float16": 6}
SIDE, GAP = 128, 8


def levels(file):
    return numpy.asarray(Image.open(file).convert("RGB")).astype(int)


def shown(picture):
    return numpy.asarray(Image.fromarray(picture.clip(0, 255).astype("uint8")).resize((SIDE, SIDE), Image.NEAREST))


def main(lethe, model, out, prompt="a noto emoji of a fox"):
    lines, agrees, exact = [], True, None
    with tempfile.TemporaryDirectory() as folder:
        for dtype, most in ALLOWED.items():
            places = f"{folder}/lethe-{dtype}", f"{folder}/diffusers-{dtype}"
            common = ["--prompt", prompt, "--dtype", dtype, "--guidance", "7.5"]
            subprocess.run([lethe, "generate", model, *common, "--steps", "20", "--sampler", "ddim", "--quiet", "--out", places[0]], check=True)
            subprocess.run([sys.executable, REFERENCE, model, *common, "--sampling-steps", "20", "--pictures", "1", "--pictures-into", places[1]],
                           check=True, capture_output=True)
            own, other = levels(f"{places[0]}/0_0.png"), levels(f"{places[1]}/0.png")
            exact = own if exact is None else exact
            between, rounding = abs(own - other), abs(own - exact)
            print(f"| {dtype} | {between.max()} | {between.mean():.2f} | {rounding.max()} | {rounding.mean():.2f} |")
            agrees &= between.max() <= most
            gap = numpy.full((SIDE, GAP, 3), 255, "uint8")
            parts = [shown(x) for x in (own, other, 16 * between, 16 * rounding)]
            lines += [numpy.concatenate([y for part in parts for y in (part, gap)][:-1], axis=1)]
    blank = numpy.full((GAP, lines[0].shape[1], 3), 255, "uint8")
    Image.fromarray(numpy.concatenate([y for line in lines for y in (line, blank)][:-1])).save(out)
    return not agrees


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
