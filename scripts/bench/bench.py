#!/usr/bin/env python3
"""Lethe and diffusers in turn, on the same weights and inputs, with equal thread counts.

Prints a table of ratios (Lethe / diffusers; below 1 Lethe is faster or smaller) and writes
runs/bench-speed/results.json. `--quick` leaves the SD 1.4 size out.
"""
import argparse, json, os, shutil, statistics, subprocess, sys, tempfile, time
from pathlib import Path

import random_models

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "runs" / "bench-speed"
parser = argparse.ArgumentParser()
parser.add_argument("--quick", action="store_true")
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--threads", type=int, default=os.cpu_count())
arguments = parser.parse_args()
LETHE, PYTHON = ROOT / ".build/release/lethe", sys.executable
REFERENCE = Path(__file__).with_name("reference.py")


def last_line(command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def compare(label, model, stage, repeats, rounds, lethe=(), reference=()):
    """Ratios of medians, one a round, both programs in turn."""
    ratios, memory, seconds = [], [], ([], [])
    for _ in range(rounds):
        b = last_line([PYTHON, REFERENCE, model, "--stage", stage, "--repeats", repeats, "--threads", arguments.threads, *reference])
        a = last_line([LETHE, "speed", model, "--stage", stage, "--repeats", repeats, "--threads", arguments.threads, "--quiet", *lethe])
        assert a["threads"] == b["threads"], "thread counts differ"
        x, y = statistics.median(a["seconds"]), statistics.median(b["seconds"])
        if stage == "esd":  # iterations differ in how far they denoise
            y = statistics.mean(b["seconds"])
        seconds[0].append(x), seconds[1].append(y)
        ratios.append(x / y)
        memory.append(a["peak"] / b["peak"])
    row = {"stage": label, "ratio": statistics.median(ratios), "low": min(ratios), "high": max(ratios),
           "memory": statistics.median(memory), "lethe_s": statistics.median(seconds[0]), "diffusers_s": statistics.median(seconds[1]), "rounds": rounds}
    print(f"| {label} | {row['ratio']:.2f} ({row['low']:.2f} to {row['high']:.2f}) | {row['memory']:.2f} |", flush=True)
    return row


def first_image(model, rounds):
    """From process start to a picture on disk."""
    code = ("import sys, torch; torch.set_num_threads(%d)\nfrom diffusers import StableDiffusionPipeline\n"
            "p = StableDiffusionPipeline.from_pretrained(sys.argv[1], torch_dtype=torch.float32, safety_checker=None); p.set_progress_bar_config(disable=True)\n"
            "p('a noto emoji of a fox', num_inference_steps=25, generator=torch.Generator().manual_seed(1)).images[0].save(sys.argv[2])" % arguments.threads)
    ratios = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            start = time.perf_counter()
            subprocess.run([PYTHON, "-c", code, str(model), f"{folder}/x.png"], check=True, capture_output=True)
            middle = time.perf_counter()
            subprocess.run([LETHE, "generate", model, "--prompt", "a noto emoji of a fox", "--seed", "1", "--guidance", "7.5", "--quiet", "--threads", str(arguments.threads), "--out", f"{folder}/out"], check=True, capture_output=True)
            ratios.append((time.perf_counter() - middle) / (middle - start))
    row = {"stage": "process start to first picture", "ratio": statistics.median(ratios), "low": min(ratios), "high": max(ratios), "rounds": rounds}
    print(f"| {row['stage']} | {row['ratio']:.2f} ({row['low']:.2f} to {row['high']:.2f}) | |", flush=True)
    return row


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    model, rounds, rows = ROOT / "Models/emoji", arguments.rounds, []
    print(f"threads {arguments.threads}, rounds {rounds}; ratios Lethe / diffusers, median (lowest to highest)\n")
    print("| stage | time | peak memory |\n|---|---|---|")
    for stage, label, repeats in (("text", "text encoding, 4 prompts", 30), ("unet", "U-Net forward, batch 2", 30),
                                  ("backward", "U-Net forward and backward, batch 2", 15), ("sample", "25 guided steps, 4 pictures", 3),
                                  ("decode", "VAE decode, batch 2", 30)):
        rows.append(compare(label, model, stage, repeats, rounds))
    rows.append(compare("ESD iteration", model, "esd", 1, rounds, reference=("--iterations", "20")))
    rows.append(compare("UnlearnDiffAtk, a prompt (80 steps and 2 pictures; 16 prompts at once)", model, "unlearndiff", 1, rounds))
    rows.append(compare("null space of ten prompts of width 768", model, "nullspace", 5, rounds))
    rows.append(first_image(model, rounds))
    if not arguments.quick:
        big = OUT / "sd14"
        random_models.write("sd14", big)
        for stage, label, repeats in (("text", "SD 1.4: text encoding, 4 prompts", 5), ("unet", "SD 1.4: U-Net forward, batch 2", 2), ("decode", "SD 1.4: VAE decode, batch 2", 1)):
            rows.append(compare(label, big, stage, repeats, 2))
        rows.append(compare("SD 1.4: ESD, 2 steps of walking (for its memory)", big, "esd", 1, 1,
                            lethe=("--iterations", "1", "--trajectories", "1", "--trajectory-steps", "2"), reference=("--iterations", "1", "--walk-steps", "2")))
    (OUT / "results.json").write_text(json.dumps(rows, indent=2))


if __name__ == "__main__":
    main()
