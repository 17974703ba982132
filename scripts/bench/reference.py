#!/usr/bin/env python3
"""Stages with diffusers, timed in this process: the counterpart of `lethe speed`.

Prints a line of JSON for each stage; a stage that fails has an `error` in it and does not end the others. With --pictures-into it
draws pictures for a comparison and times nothing. Works with SD 1, SD 2 and SDXL.
"""
import argparse, copy, random, sys, time
from pathlib import Path

import torch

from plain import Plain, tell

parser = argparse.ArgumentParser()
parser.add_argument("model")
parser.add_argument("--stage", default=[], action="append", choices=("text", "unet", "backward", "sample", "decode", "esd", "unlearndiff", "nullspace"))
parser.add_argument("--repeats", type=int, default=5)
parser.add_argument("--threads", type=int, default=0)
parser.add_argument("--iterations", type=int, default=20, help="of the stage esd, whose states are spread evenly over the walk")
parser.add_argument("--walk-steps", type=int, default=50)
parser.add_argument("--times", type=int, default=2)
parser.add_argument("--steps", type=int, default=40)
parser.add_argument("--pictures", type=int, default=4, help="of the stage sample")
parser.add_argument("--device", default="cpu")
parser.add_argument("--dtype", default="float32", choices=("float32", "bfloat16", "float16"))
parser.add_argument("--compile", action="store_true", help="torch.compile the U-Net and the VAE's decoder")
parser.add_argument("--offload", action="store_true", help="components come to the device when they are used")
parser.add_argument("--pictures-into", type=Path, help="folder of pictures K.png of seeds 0, 1, ...")
parser.add_argument("--prompt", default="a noto emoji of a fox")
parser.add_argument("--sampling-steps", type=int, default=20)
parser.add_argument("--guidance", type=float, default=7.5)
parser.add_argument("--side", type=int, help="pixels")
parser.add_argument("--batch", type=int, default=1, help="pictures at once, with --pictures-into")
arguments = parser.parse_args()
if arguments.threads:
    torch.set_num_threads(arguments.threads)
plain = Plain(arguments.model, arguments.device, arguments.dtype, offload=arguments.offload)
device, dtype, unet, size = plain.device, plain.rest, plain.unet, plain.side
prompts = ["a fox", "an owl", "a cat", "a castle"]
x = torch.randn((2, plain.config.in_channels, size, size), generator=torch.Generator().manual_seed(1)).to(device, dtype)
t = torch.tensor([981.0, 500.0], device=device)


def compiled(module):
    return torch.compile(module, dynamic=False) if arguments.compile else module


def timed(count, body):
    seconds = []
    for _ in range(count):
        start = time.perf_counter()
        body()
        plain.finish()
        seconds.append(time.perf_counter() - start)
    return seconds


def esd():
    """A plain ESD loop: two U-Nets, x_t by partial denoising with the model that is trained, eq. 7. Two iterations warm up."""
    walk, scheduler = arguments.walk_steps, plain.scheduler
    base = copy.deepcopy(unet).requires_grad_(False)
    parameters = [p for n, p in base.named_parameters() if "attn2" in n]
    for p in parameters:
        p.requires_grad_(True)
    original, trained = compiled(unet), compiled(base)
    optimizer = torch.optim.Adam(parameters, lr=5e-5)
    scheduler.set_timesteps(walk)
    random.seed(0)
    # The mean of few random lengths says little: each is taken from the middle of its share of the walk.
    lengths = [int((i + 0.5) * walk / arguments.iterations) for i in range(arguments.iterations)]
    random.shuffle(lengths)
    seconds = []
    for k in [min(1, walk - 1)] * 2 + lengths:
        start = time.perf_counter()
        with torch.no_grad():
            c, empty = plain.embed(["a fox"]), plain.embed([""])
            both = tuple(None if a is None else torch.cat([a, b]) for a, b in zip(empty, c))
            z = torch.randn((1, plain.config.in_channels, size, size)).to(device, dtype)
            for step in scheduler.timesteps[:k]:
                e = plain.predict(trained, torch.cat([z, z]), step, both).chunk(2)
                z = scheduler.step(e[0] + 3 * (e[1] - e[0]), step, z).prev_sample
            at = scheduler.timesteps[k]
            e0, ec = plain.predict(original, z, at, empty), plain.predict(original, z, at, c)
        loss = torch.nn.functional.mse_loss(plain.predict(trained, z, at, c), e0 - (ec - e0))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        plain.finish()
        seconds.append(time.perf_counter() - start)
    return seconds[2:]


def unlearndiff():
    """UnlearnDiffAtk as its pseudo-code reads, a prompt at a time: 40 steps of Adam on the simplex at each timestep,
    then a picture of the most probable tokens."""
    k, scheduler, network = 3, plain.scheduler, compiled(unet)
    tables = [text.get_input_embeddings().weight for _, text in plain.encoders]
    count = min(len(table) for table in tables)

    def project(a):
        low, high = a.min(1, keepdim=True).values - 1, a.max(1, keepdim=True).values
        while (high - low).max() > 1e-5:
            middle = (low + high) / 2
            above = (a - middle).clamp(0, 1).sum(1, keepdim=True) > 1
            low, high = torch.where(above, middle, low), torch.where(above, high, middle)
        return (a - low).clamp(0, 1)

    def attack(prompt):
        tokenizer = plain.encoders[0][0]
        with torch.no_grad():
            picture = plain.draw([prompt], [1])
            z0 = (plain.vae.encode(picture.to(plain.vae.dtype) * 2 - 1).latent_dist.mean * plain.vae.config.scaling_factor).to(dtype)
        own, ends = plain.words([prompt])
        ends = (ends + k).clamp(max=own[0].shape[1] - 1)
        a = torch.full((k, count), 1 / count, device=device, requires_grad=True)
        optimizer = torch.optim.Adam([a], lr=0.01, weight_decay=0.1)
        for t in torch.linspace(10, 990, 50).long()[: arguments.times].to(device):
            for _ in range(arguments.steps):
                picks = torch.multinomial(a.detach().clamp(min=0) + 1e-12, 1).squeeze(1)
                chosen = torch.nn.functional.one_hot(picks, count).to(dtype)
                es = [(chosen @ table[:count]).requires_grad_(True) for table in tables]
                words = [torch.cat([w[:, :1], e[None], w[:, 1 : w.shape[1] - k]], 1) for w, e in zip(own, es)]
                eps = torch.randn_like(z0)
                xt = scheduler.add_noise(z0, eps, t[None])
                target = scheduler.get_velocity(z0, eps, t[None]) if scheduler.config.prediction_type == "v_prediction" else eps
                loss = torch.nn.functional.mse_loss(plain.predict(network, xt, t[None], plain.from_words(words, ends)), target)
                found = torch.autograd.grad(loss, es)
                a.grad = torch.nn.functional.hardtanh(sum(g @ table[:count].T for g, table in zip(found, tables)).float())
                optimizer.step()
                a.data = project(a.data)
            plain.draw([tokenizer.decode(a.argmax(1).tolist()) + " " + prompt], [1])

    return timed(arguments.repeats + 1, lambda: attack("a noto emoji of a fox"))[1:]


def seconds_of(stage):
    count, network = arguments.repeats + 1, compiled(unet)
    if stage == "backward":
        unet.requires_grad_(True)
        with torch.no_grad():
            text = plain.embed(prompts[:2])

        def backward():
            unet.zero_grad()
            plain.predict(network, x, t, text).square().mean().backward()

        return timed(count, backward)[1:]
    if stage == "esd":
        return esd()
    if stage == "unlearndiff":
        return unlearndiff()
    if stage == "nullspace":
        rows = torch.randn(77 + 76 * 9, 768, dtype=torch.float64)
        return timed(count, lambda: torch.linalg.svd(rows, full_matrices=True))[1:]
    if stage == "sample":
        some = (prompts * arguments.pictures)[: arguments.pictures]
        if arguments.compile:
            plain.pipe.unet = network
        try:
            return timed(count, lambda: plain.draw(some, range(1, len(some) + 1)))[1:]
        finally:
            plain.pipe.unet = unet
    with torch.no_grad():
        text, vae = plain.embed(prompts[:2]), compiled(plain.vae.decode)
        z = x.to(plain.vae.dtype) / plain.vae.config.scaling_factor
        body = {"text": lambda: plain.embed(prompts), "unet": lambda: plain.predict(network, x, t, text), "decode": lambda: vae(z)}[stage]
        return timed(count, body)[1:]


def pictures(folder):
    folder.mkdir(parents=True, exist_ok=True)
    from PIL import Image
    for first in range(0, arguments.pictures, arguments.batch):
        seeds = range(first, min(first + arguments.batch, arguments.pictures))
        found = plain.draw([arguments.prompt] * len(seeds), seeds, arguments.sampling_steps, arguments.guidance, arguments.side)
        for k, levels in zip(seeds, (found * 255).round().to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()):
            Image.fromarray(levels).save(folder / f"{k}.png")


if arguments.pictures_into:
    pictures(arguments.pictures_into)
failed = False
for stage in arguments.stage:
    about = {"stage": stage, "threads": torch.get_num_threads(), "torch": torch.__version__}
    try:
        plain.clear()
        seconds = seconds_of(stage)
        tell(seconds=seconds, peak=plain.peak(), **about)
    except Exception as error:
        failed = True
        tell(error=f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error).strip() else ''}"[:300], **about)
sys.exit(failed)
