#!/usr/bin/env python3
"""The U-Net's share of the machine's peak, and the operators that its time goes to.

    scripts/bench/peak.py MODEL [MODEL...] [--threads N] [--rounds N]

Floating-point operations are counted in diffusers' U-Net on a device without data. The peak is that of a product of two
matrices of 2048 x 2048, timed between the others. Lethe's time is `lethe speed`'s; the operators' shares are those of diffusers'
U-Net with the same weights, which calls the same kernels. Prints Markdown.
"""
import argparse, json, os, statistics, subprocess, sys, time
from pathlib import Path

import torch
from diffusers import UNet2DConditionModel
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode

ROOT = Path(__file__).resolve().parents[2]
parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("models", nargs="+", type=Path)
parser.add_argument("--threads", type=int, default=os.cpu_count())
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--program", default=ROOT / ".build/release/lethe")
arguments = parser.parse_args()
torch.set_num_threads(arguments.threads)
GROUPS = {
    "convolutions": ("convolution",), "products of matrices": ("addmm", "mm", "bmm", "linear", "matmul"), "attention": ("attention",),
    "normalizations": ("group_norm", "layer_norm"), "activations": ("silu", "gelu"), "copies": ("copy_", "cat", "clone", "contiguous"),
    "sums and products": ("add", "mul", "sum", "div"),
}


def inputs(unet, device):
    c = unet.config
    x = torch.randn(2, c.in_channels, c.sample_size, c.sample_size, device=device)
    return x, torch.tensor([981.0, 500.0], device=device), torch.randn(2, 77 if c.cross_attention_dim == 768 else 14, c.cross_attention_dim, device=device)


def operations(config):
    """Of a pass forward, and of one forward and backward."""
    with torch.device("meta"):
        unet = UNet2DConditionModel.from_config(config)
    counts = []
    for backward in (False, True):
        with FlopCounterMode(display=False) as counter:
            x, t, c = inputs(unet, "meta")
            found = unet(x, t, encoder_hidden_states=c).sample
            if backward:
                found.square().mean().backward()
        counts.append(counter.get_total_flops())
    return counts


def peak():
    """Operations of a second in a product of matrices, the best of five."""
    a, b = torch.randn(2048, 2048), torch.randn(2048, 2048)
    seconds = []
    for _ in range(6):
        start = time.perf_counter()
        a @ b
        seconds.append(time.perf_counter() - start)
    return 2 * 2048**3 / min(seconds[1:])


def lethe(model, stage):
    done = subprocess.run([arguments.program, "speed", model, "--stage", stage, "--repeats", "3", "--threads", str(arguments.threads), "--quiet"], capture_output=True, text=True, check=True)
    return statistics.median(json.loads(done.stdout.strip().splitlines()[-1])["seconds"])


def shares(model):
    """Shares of the operators in a pass forward and backward of diffusers' U-Net."""
    unet = UNet2DConditionModel.from_pretrained(model / "unet")
    values = inputs(unet, "cpu")

    def step():
        unet(values[0], values[1], encoder_hidden_states=values[2]).sample.square().mean().backward()

    step()
    with profile(activities=[ProfilerActivity.CPU]) as found:
        step()
    times = {e.key: e.self_cpu_time_total for e in found.key_averages()}
    total, named = sum(times.values()), {}
    for group, words in GROUPS.items():
        keys = [k for k in times if any(w in k.split("::")[-1] for w in words)]
        named[group] = sum(times.pop(k) for k in keys) / total
    named["all others"] = sum(times.values()) / total
    return named


for model in arguments.models:
    config = UNet2DConditionModel.load_config(model / "unet")
    counts = operations(config)
    print(f"{model.name}: {counts[0] / 1e9:.1f} GFLOP forward, {counts[1] / 1e9:.1f} forward and backward, batch 2\n")
    print("| pass | seconds | GFLOP/s | peak of matrices, GFLOP/s | share |\n|---|---|---|---|---|")
    for stage, count, label in (("unet", counts[0], "forward"), ("backward", counts[1], "forward and backward")):
        rates, peaks, seconds = [], [], []
        for _ in range(arguments.rounds):
            before = peak()
            seconds.append(lethe(model, stage))
            peaks.append((before + peak()) / 2)
            rates.append(count / seconds[-1] / peaks[-1])
        s, p, r = (statistics.median(v) for v in (seconds, peaks, rates))
        print(f"| {label} | {s:.3f} | {count / s / 1e9:.0f} | {p / 1e9:.0f} | {100 * r:.0f} % ({100 * min(rates):.0f} to {100 * max(rates):.0f}) |", flush=True)
    print("\n| operators, forward and backward | share of time |\n|---|---|")
    for group, share in sorted(shares(model).items(), key=lambda pair: -pair[1]):
        print(f"| {group} | {100 * share:.0f} % |")
    print(flush=True)
