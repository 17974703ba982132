#!/usr/bin/env python3
"""One stage with diffusers, timed in this process: the counterpart of `lethe speed`."""
import argparse, copy, json, random, resource, time

import torch
from diffusers import DDIMScheduler, StableDiffusionPipeline

parser = argparse.ArgumentParser()
parser.add_argument("model")
parser.add_argument("--stage", required=True)
parser.add_argument("--repeats", type=int, default=5)
parser.add_argument("--threads", type=int, default=0)
parser.add_argument("--iterations", type=int, default=3)
parser.add_argument("--walk-steps", type=int, default=50)
arguments = parser.parse_args()
if arguments.threads:
    torch.set_num_threads(arguments.threads)

pipe = StableDiffusionPipeline.from_pretrained(arguments.model, torch_dtype=torch.float32, safety_checker=None)
pipe.set_progress_bar_config(disable=True)
prompts = ["a fox", "an owl", "a cat", "a castle"]
g = torch.Generator().manual_seed(1)
unet = pipe.unet
size = unet.config.sample_size
x = torch.randn((2, unet.config.in_channels, size, size), generator=g)
t = torch.tensor([981.0, 500.0])


def embed(texts):
    ids = pipe.tokenizer(texts, padding="max_length", max_length=pipe.tokenizer.model_max_length, truncation=True, return_tensors="pt").input_ids
    return pipe.text_encoder(ids)[0]


def timed(count, body):
    seconds = []
    for _ in range(count):
        start = time.perf_counter()
        body()
        seconds.append(time.perf_counter() - start)
    return seconds


def esd():
    """A plain ESD loop: two U-Nets, x_t by partial denoising with the model that is trained, eq. 7."""
    original, trained = unet, copy.deepcopy(unet)
    original.requires_grad_(False)
    names = [n for n, _ in trained.named_parameters() if "attn2" in n]
    trained.requires_grad_(False)
    parameters = [p for n, p in trained.named_parameters() if n in set(names)]
    for p in parameters:
        p.requires_grad_(True)
    optimizer = torch.optim.Adam(parameters, lr=5e-5)
    scheduler = DDIMScheduler.from_config(pipe.scheduler.config)
    scheduler.set_timesteps(arguments.walk_steps)
    random.seed(0)
    seconds = []
    for _ in range(arguments.iterations):
        start = time.perf_counter()
        with torch.no_grad():
            c, empty = embed(["a fox"]), embed([""])
            both = torch.cat([empty, c])
            k = random.randrange(arguments.walk_steps)
            z = torch.randn((1, unet.config.in_channels, size, size))
            for step in scheduler.timesteps[:k]:
                e = trained(torch.cat([z, z]), step, encoder_hidden_states=both).sample.chunk(2)
                z = scheduler.step(e[0] + 3 * (e[1] - e[0]), step, z).prev_sample
            at = scheduler.timesteps[k]
            e0 = original(z, at, encoder_hidden_states=empty).sample
            ec = original(z, at, encoder_hidden_states=c).sample
        loss = torch.nn.functional.mse_loss(trained(z, at, encoder_hidden_states=c).sample, e0 - (ec - e0))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        seconds.append(time.perf_counter() - start)
    return seconds


count = arguments.repeats + 1
if arguments.stage == "backward":
    hidden = embed(prompts[:2]).detach()
    def backward():
        unet.zero_grad()
        unet(x, t, encoder_hidden_states=hidden).sample.square().mean().backward()
    seconds = timed(count, backward)[1:]
elif arguments.stage == "esd":
    seconds = esd()
else:
    with torch.no_grad():
        hidden = embed(prompts[:2])
        body = {
            "text": lambda: embed(prompts),
            "unet": lambda: unet(x, t, encoder_hidden_states=hidden).sample,
            "sample": lambda: pipe(prompts, num_inference_steps=25, guidance_scale=7.5,
                                   generator=[torch.Generator().manual_seed(s) for s in (1, 2, 3, 4)]),
            "decode": lambda: pipe.vae.decode(x / pipe.vae.config.scaling_factor).sample,
        }[arguments.stage]
        seconds = timed(count, body)[1:]
print(json.dumps({"seconds": seconds, "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
                  "threads": torch.get_num_threads(), "torch": torch.__version__}))
