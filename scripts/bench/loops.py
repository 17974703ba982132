#!/usr/bin/env python3
"""Training steps of methods as plain loops on diffusers, written from the papers' formulas, timed in this process.

Each loop does the work of one step and nothing twice that it need not; noisy pictures are random latents, as their contents
cost nothing. With --released, AdvUnlearn and Meta-Unlearning do what the authors' code does in a step: AdvUnlearn follows a
trajectory to each noisy picture, 25 guided steps of 50 (the mean), and asks the original twice in each step of the attack;
Meta-Unlearning goes through three batches of every set and encodes their pictures each time. Gradients of weights that nobody
trains, which the authors' code computes too, are left out. Prints seconds of each step and the peak of memory as JSON.
"""
import argparse, copy, json, resource, time

import torch
from diffusers import DiffusionPipeline

parser = argparse.ArgumentParser()
parser.add_argument("model")
parser.add_argument("--loop", required=True, choices=("advunlearn", "meta", "erasediff", "finetune", "sepme"))
parser.add_argument("--steps", type=int, default=4)
parser.add_argument("--batch", type=int, default=4)
parser.add_argument("--inner", type=int, default=3, help="steps of the adversary or of the simulated fine-tuning")
parser.add_argument("--released", action="store_true", help="the step of the authors' code")
parser.add_argument("--threads", type=int, default=0)
parser.add_argument("--device", default="cpu")
arguments = parser.parse_args()
device = torch.device(arguments.device)
if arguments.threads:
    torch.set_num_threads(arguments.threads)
torch.manual_seed(1)
pipe = DiffusionPipeline.from_pretrained(arguments.model, torch_dtype=torch.float32).to(device)
unet, text, tokenizer = pipe.unet, pipe.text_encoder, pipe.tokenizer
mse, batch, side = torch.nn.functional.mse_loss, arguments.batch, unet.config.sample_size
steps = pipe.scheduler.config.num_train_timesteps


def ids(prompts):
    return tokenizer(prompts, padding="max_length", max_length=tokenizer.model_max_length, truncation=True, return_tensors="pt").input_ids.to(device)


def embed(prompts):
    return text(ids(prompts))[0]


def noisy(count):
    return torch.randn(count, unet.config.in_channels, side, side, device=device), torch.randint(steps, (count,), device=device)


def followed(model, prompt, walked=25, guidance=3.0):
    """A noisy picture as the authors' code makes it: the first steps of a guided DDIM trajectory of 50."""
    pipe.scheduler.set_timesteps(50)
    count = len(prompt)
    x, _ = noisy(count)
    both = torch.cat([embed([""] * count), prompt])
    with torch.no_grad():
        for t in pipe.scheduler.timesteps[:walked]:
            empty, found = model(torch.cat([x, x]), t, encoder_hidden_states=both).sample.chunk(2)
            x = pipe.scheduler.step(empty + guidance * (found - empty), t, x).prev_sample
    return x, torch.full((count,), int(pipe.scheduler.timesteps[walked]), device=device)


def denoising(model, prompt):
    """L(theta; D): the training loss on a batch of pictures."""
    if arguments.released:
        pixels = torch.zeros(batch, 3, *[side * 2 ** (len(pipe.vae.config.block_out_channels) - 1)] * 2, device=device)
        with torch.no_grad():
            x0 = pipe.vae.encode(pixels).latent_dist.sample() * pipe.vae.config.scaling_factor
        t = noisy(batch)[1]
    else:
        x0, t = noisy(batch)
    eps = torch.randn_like(x0)
    return mse(model(pipe.scheduler.add_noise(x0, eps, t), t, encoder_hidden_states=prompt).sample, eps)


def from_words(words):
    """The text encoder's output for embeddings of words."""
    model = getattr(text, "text_model", text)
    length = words.shape[1]
    mask = torch.full((length, length), float("-inf"), device=device).triu(1)[None, None]
    h = words + model.embeddings.position_embedding.weight[None]
    for layer in model.encoder.layers:
        h = layer(h, attention_mask=mask)
        h = h[0] if isinstance(h, tuple) else h
    return model.final_layer_norm(h)


def advunlearn():
    """AdvUnlearn: an attack of some steps of Adam on one word, then a step of the text encoder on ESD's loss and the retained prompts."""
    original, teacher = copy.deepcopy(unet).requires_grad_(False), copy.deepcopy(text).requires_grad_(False)
    unet.requires_grad_(False)
    optimizer = torch.optim.Adam(text.parameters(), lr=1e-5)
    retained = ["a cat", "an owl", "a castle", "a tree", "a car"]
    table = text.get_input_embeddings().weight

    def step():
        x, t = noisy(batch)
        with torch.no_grad():
            c, empty = teacher(ids(["a fox"] * batch))[0], teacher(ids([""] * batch))[0]
            ec, e0 = original(x, t, encoder_hidden_states=c).sample, original(x, t, encoder_hidden_states=empty).sample
        own = table[ids(["a fox"] * batch)].detach()
        a = own[:, 1:2].clone().requires_grad_(True)
        attack = torch.optim.Adam([a], lr=1e-3)

        def encoded():
            return from_words(torch.cat([own[:, :1], a, own[:, 1:-1]], 1))

        for _ in range(arguments.inner):
            if arguments.released:
                x, t = followed(original, c)
                with torch.no_grad():
                    original(x, t, encoder_hidden_states=empty)
                    ec = original(x, t, encoder_hidden_states=c).sample
            found = mse(unet(x, t, encoder_hidden_states=encoded()).sample, ec)
            attack.zero_grad()
            a.grad = torch.autograd.grad(found, a)[0]
            attack.step()
        a = a.detach()
        y, s = followed(original, teacher(ids(retained))[0].detach()) if arguments.released else noisy(len(retained))
        if arguments.released:
            x, t = followed(original, c)
            with torch.no_grad():
                ec, e0 = original(x, t, encoder_hidden_states=c).sample, original(x, t, encoder_hidden_states=empty).sample
        with torch.no_grad():
            kept = original(y, s, encoder_hidden_states=teacher(ids(retained))[0]).sample
        loss = mse(unet(x, t, encoder_hidden_states=from_words(torch.cat([own[:, :1], a, own[:, 1:-1]], 1))).sample, e0 - (ec - e0))
        loss = loss + 0.3 * mse(unet(y, s, encoder_hidden_states=embed(retained)).sample, kept)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


def meta():
    """Meta-Unlearning around a closed form, first order: a copy is fine-tuned, and its gradients step the weights."""
    prompts = [embed([p] * batch).detach() for p in ("a fox", "a cat", "a castle")]
    optimizer = torch.optim.AdamW(unet.parameters(), lr=1e-5, weight_decay=1e-4)
    batches = range(3 if arguments.released else 1)

    def step():
        optimizer.zero_grad()
        for prompt, weight in zip(prompts[1:], (0.01, 0.1)):
            for _ in batches:
                (weight * denoising(unet, prompt)).backward()
        tuned = copy.deepcopy(unet)
        inner = torch.optim.AdamW(tuned.parameters(), lr=1e-5, weight_decay=1e-4)
        for _ in range(arguments.inner):
            inner.zero_grad()
            denoising(tuned, prompts[0]).backward()
            torch.nn.utils.clip_grad_norm_(tuned.parameters(), 1.0)
            inner.step()
        for prompt, weight in zip(prompts[:2], (-0.1, -0.001)):
            tuned.zero_grad()
            for _ in batches:
                (weight * denoising(tuned, prompt)).backward()
            for p, q in zip(unet.parameters(), tuned.parameters()):
                if q.grad is not None:
                    p.grad = q.grad.clone() if p.grad is None else p.grad + q.grad
        torch.nn.utils.clip_grad_norm_(unet.parameters(), 1.0)
        optimizer.step()

    return step


def erasediff():
    """EraseDiff: g_r + lambda g_f with lambda of theorem 3.1; the surrogate is another caption's prediction."""
    keep, forget, other = (embed([p] * batch).detach() for p in ("a cat", "a fox", "a castle"))
    original = copy.deepcopy(unet).requires_grad_(False)
    optimizer = torch.optim.Adam(unet.parameters(), lr=1e-5)
    parameters = list(unet.parameters())

    def step():
        gr = torch.autograd.grad(denoising(unet, keep), parameters, allow_unused=True)
        x, t = noisy(batch)
        with torch.no_grad():
            target = original(x, t, encoder_hidden_states=other).sample
        gf = torch.autograd.grad(mse(unet(x, t, encoder_hidden_states=forget).sample, target), parameters, allow_unused=True)
        pairs = [(a, b) for a, b in zip(gr, gf) if a is not None and b is not None]
        weight = max(0.0, 0.1 - float(sum((a * b).sum() for a, b in pairs) / sum((b * b).sum() for _, b in pairs)))
        for p, a, b in zip(parameters, gr, gf):
            p.grad = None if a is None else a + weight * b
        optimizer.step()

    return step


def finetune():
    """A step of fine-tuning on pictures, the work of relearning."""
    prompt = embed(["a fox"] * batch).detach()
    optimizer = torch.optim.Adam(unet.parameters(), lr=1e-5)

    def step():
        optimizer.zero_grad()
        denoising(unet, prompt).backward()
        optimizer.step()

    return step


def sepme():
    """SepME: the correlation of the concept's representation; w S is added to keys and values, with an L1 norm."""
    unet.requires_grad_(False)
    original = copy.deepcopy(unet)
    layers = [m for n, m in unet.named_modules() if n.endswith(("attn2.to_k", "attn2.to_v"))]
    bases = [torch.linalg.qr(torch.randn(m.in_features, 8, device=device))[0].T for m in layers]
    weights = [torch.zeros(m.out_features, 8, device=device, requires_grad=True) for m in layers]
    optimizer = torch.optim.Adam(weights, lr=0.1)
    prompt, anchor = embed(["a fox"] * batch).detach(), embed(["a"] * batch).detach()

    def step():
        x, t = noisy(batch)
        with torch.no_grad():
            before = original(x, t, encoder_hidden_states=prompt).sample
            empty = original(x, t, encoder_hidden_states=anchor).sample
        hooks = [m.register_forward_hook(lambda m, i, o, w=w, s=s: o + i[0] @ (w @ s).T) for m, w, s in zip(layers, weights, bases)]
        after = unet(x, t, encoder_hidden_states=prompt).sample
        for hook in hooks:
            hook.remove()
        norm = sum((w @ s).abs().sum() for w, s in zip(weights, bases)) / len(weights)
        loss = ((after - empty) * (before - empty)).mean() + 1e-6 * norm
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


step = {"advunlearn": advunlearn, "meta": meta, "erasediff": erasediff, "finetune": finetune, "sepme": sepme}[arguments.loop]()
seconds = []
for _ in range(arguments.steps + 1):
    start = time.perf_counter()
    step()
    if device.type == "cuda":
        torch.cuda.synchronize()
    seconds.append(time.perf_counter() - start)
peak = torch.cuda.max_memory_allocated() if device.type == "cuda" else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps({"seconds": seconds[1:], "peak": peak, "threads": torch.get_num_threads()}))
