#!/usr/bin/env python3
"""One stage with diffusers, timed in this process: the counterpart of `lethe speed`."""
import argparse, copy, json, random, resource, time

import torch
from diffusers import DDIMScheduler, DiffusionPipeline

parser = argparse.ArgumentParser()
parser.add_argument("model")
parser.add_argument("--stage", required=True, action="append")
parser.add_argument("--repeats", type=int, default=5)
parser.add_argument("--threads", type=int, default=0)
parser.add_argument("--iterations", type=int, default=3)
parser.add_argument("--walk-steps", type=int, default=50)
parser.add_argument("--times", type=int, default=2)
parser.add_argument("--steps", type=int, default=40)
parser.add_argument("--pictures", type=int, default=4, help="of the stage sample")
parser.add_argument("--device", default="cpu")
parser.add_argument("--dtype", default="float32", choices=("float32", "bfloat16", "float16"))
parser.add_argument("--compile", action="store_true", help="torch.compile the U-Net")
arguments = parser.parse_args()
device, dtype = torch.device(arguments.device), getattr(torch, arguments.dtype)
if arguments.threads:
    torch.set_num_threads(arguments.threads)

pipe = DiffusionPipeline.from_pretrained(arguments.model, torch_dtype=dtype).to(device)
pipe.set_progress_bar_config(disable=True)
prompts = ["a fox", "an owl", "a cat", "a castle"]
g = torch.Generator().manual_seed(1)
if arguments.compile:
    pipe.unet = torch.compile(pipe.unet)
unet = pipe.unet
is_xl = hasattr(pipe, "text_encoder_2")
size = unet.config.sample_size
x = torch.randn((2, unet.config.in_channels, size, size), generator=g).to(device, dtype)
t = torch.tensor([981.0, 500.0], device=device)


def embed(texts):
    if is_xl:
        return pipe.encode_prompt(texts, device=device, do_classifier_free_guidance=False)[0]
    ids = pipe.tokenizer(texts, padding="max_length", max_length=pipe.tokenizer.model_max_length, truncation=True, return_tensors="pt").input_ids
    return pipe.text_encoder(ids.to(device))[0]


def added():
    """SDXL's pooled prompt and sizes; None for other networks."""
    if not is_xl:
        return None
    side = size * pipe.vae_scale_factor
    sizes = torch.tensor([[side, side, 0, 0, side, side]] * 2, device=device, dtype=dtype)
    width = pipe.text_encoder_2.config.projection_dim
    return {"text_embeds": torch.zeros((2, width), device=device, dtype=dtype), "time_ids": sizes}


def finish():
    if device.type == "cuda":
        torch.cuda.synchronize()


def timed(count, body):
    seconds = []
    for _ in range(count):
        start = time.perf_counter()
        body()
        finish()
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
            z = torch.randn((1, unet.config.in_channels, size, size)).to(device, dtype)
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
        finish()
        seconds.append(time.perf_counter() - start)
    return seconds


def unlearndiff():
    """UnlearnDiffAtk as its pseudo-code reads, a prompt at a time: 40 steps of Adam on the simplex at each timestep,
    then a picture of the most probable tokens."""
    tokenizer, text, k = pipe.tokenizer, pipe.text_encoder, 3
    text.requires_grad_(False), unet.requires_grad_(False)
    table = text.get_input_embeddings().weight
    length, end = tokenizer.model_max_length, tokenizer.eos_token_id
    scheduler = DDIMScheduler.from_config(pipe.scheduler.config)

    def project(a):
        low, high = a.min(1, keepdim=True).values - 1, a.max(1, keepdim=True).values
        while (high - low).max() > 1e-5:
            middle = (low + high) / 2
            above = (a - middle).clamp(0, 1).sum(1, keepdim=True) > 1
            low, high = torch.where(above, middle, low), torch.where(above, high, middle)
        return (a - low).clamp(0, 1)

    def attack(prompt):
        with torch.no_grad():
            picture = pipe(prompt, num_inference_steps=25, output_type="pt", generator=torch.Generator().manual_seed(1)).images.to(device, dtype)
            z0 = pipe.vae.encode(picture * 2 - 1).latent_dist.mean * pipe.vae.config.scaling_factor
        words = tokenizer(prompt, add_special_tokens=False).input_ids
        ids = [tokenizer.bos_token_id] + words + [end] * (length - 1 - len(words))
        own = table[torch.tensor(ids)]
        a = torch.full((k, len(table)), 1 / len(table), device=device, requires_grad=True)
        optimizer = torch.optim.Adam([a], lr=0.01, weight_decay=0.1)
        for t in torch.linspace(10, 990, 50).long()[: arguments.times].to(device):
            for _ in range(arguments.steps):
                picks = torch.multinomial(a.detach().clamp(min=0) + 1e-12, 1).squeeze(1)
                e = (torch.nn.functional.one_hot(picks, len(table)).float() @ table).requires_grad_(True)
                hidden = encode(torch.cat([own[:1], e, own[1 : length - k]])[None])
                eps = torch.randn_like(z0)
                xt = scheduler.add_noise(z0, eps, t[None])
                target = scheduler.get_velocity(z0, eps, t[None]) if scheduler.config.prediction_type == "v_prediction" else eps
                loss = torch.nn.functional.mse_loss(unet(xt, t[None], encoder_hidden_states=hidden).sample, target)
                a.grad = torch.nn.functional.hardtanh(torch.autograd.grad(loss, e)[0] @ table.T)
                optimizer.step()
                a.data = project(a.data)
            with torch.no_grad():
                pipe(tokenizer.decode(a.argmax(1).tolist() + words), num_inference_steps=25, generator=torch.Generator().manual_seed(1))

    def encode(embeds):
        model = getattr(text, "text_model", text)
        position = model.embeddings.position_embedding.weight[None]
        mask = torch.full((length, length), float("-inf"), device=device).triu(1)[None, None]
        h = embeds + position
        for layer in model.encoder.layers:
            h = layer(h, attention_mask=mask)
            h = h[0] if isinstance(h, tuple) else h
        return model.final_layer_norm(h)

    return timed(arguments.repeats + 1, lambda: attack("a noto emoji of a fox"))[1:]


count = arguments.repeats + 1


def seconds_of(stage):
    if stage == "backward":
        hidden = embed(prompts[:2]).detach()

        def backward():
            unet.zero_grad()
            unet(x, t, encoder_hidden_states=hidden, added_cond_kwargs=added()).sample.square().mean().backward()

        return timed(count, backward)[1:]
    if stage == "esd":
        return esd()
    if stage == "unlearndiff":
        return unlearndiff()
    if stage == "nullspace":
        rows = torch.randn(77 + 76 * 9, 768, dtype=torch.float64)
        return timed(count, lambda: torch.linalg.svd(rows, full_matrices=True))[1:]
    pipe.scheduler = DDIMScheduler.from_config(pipe.scheduler.config)
    with torch.no_grad():
        hidden, some = embed(prompts[:2]), (prompts * arguments.pictures)[: arguments.pictures]
        body = {
            "text": lambda: embed(prompts),
            "unet": lambda: unet(x, t, encoder_hidden_states=hidden, added_cond_kwargs=added()).sample,
            "sample": lambda: pipe(some, num_inference_steps=25, guidance_scale=7.5,
                                   generator=[torch.Generator().manual_seed(s) for s in range(1, len(some) + 1)]),
            "decode": lambda: pipe.vae.decode(x / pipe.vae.config.scaling_factor).sample,
        }[stage]
        return timed(count, body)[1:]


for stage in arguments.stage:
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
    seconds = seconds_of(stage)
    peak = torch.cuda.max_memory_allocated() if device.type == "cuda" else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": seconds, "peak": peak, "stage": stage,
                      "threads": torch.get_num_threads(), "torch": torch.__version__}), flush=True)
